package docs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/client"
	"github.com/roster-dev/roster/internal/manager"
	"github.com/roster-dev/roster/test/env"
)

// mountedToken is where a pod finds its token, and no test does.
const mountedToken = "/var/run/secrets/kubernetes.io/serviceaccount/token"

// TestWhatThePageOnDecisionsShowsHappens runs what docs/decisions.md shows, in its order and as it is written, against the
// commerce story: commands with the real kubectl and curl, Go compiled with package client. JSON below a block is what its
// last command prints.
func TestWhatThePageOnDecisionsShowsHappens(t *testing.T) {
	reader := newReader(t)
	ran := map[string]int{}
	var shown string
	blocks := fence.FindAllStringSubmatch(read(t, filepath.Join(root, "docs", "decisions.md")), -1)
	for i, block := range blocks {
		language, text, answer := block[1], block[2], ""
		if i+1 < len(blocks) && blocks[i+1][1] == "json" {
			answer = strings.TrimSpace(blocks[i+1][2])
		}
		switch language {
		case "", "sh":
			list := commands(text)
			for i, command := range list {
				ran[strings.Fields(command)[0]]++
				if i < len(list)-1 {
					reader.types(command, "")
				} else {
					reader.types(command, answer)
				}
			}
		case "json":
			ran["json"]++
			if shown = strings.TrimSpace(text); !json.Valid([]byte(shown)) {
				t.Errorf("this is no JSON: %s", shown)
			}
		case "go":
			ran["go"]++
			reader.programs(text, shown)
		}
	}
	for _, kind := range []string{"kubectl", "curl", "json", "go"} {
		if ran[kind] == 0 {
			t.Errorf("the page shows no %s any more: has the mark of its block changed?", kind)
		}
	}
}

// commands are those of a block that are kubectl's or curl's; each may go over several lines.
func commands(block string) []string {
	var out []string
	for line := range strings.Lines(block) {
		if first, _, _ := strings.Cut(line, " "); first == "kubectl" || first == "curl" {
			out = append(out, line)
		} else if len(out) > 0 {
			out[len(out)-1] += line
		}
	}
	return out
}

// reader is somebody who does what the page says, with the cluster, the controllers and the service that it speaks of.
type reader struct {
	*testing.T
	home, path, service string
}

func newReader(t *testing.T) *reader {
	t.Helper()
	gomega.RegisterTestingT(t)
	ctrl.SetLogger(logr.Discard())
	cluster, err := env.Start()
	ok(t, err)
	t.Cleanup(func() { ok(t, cluster.Stop()) })
	controllers, err := env.StartManager(cluster.Config, cluster)
	ok(t, err)
	t.Cleanup(func() { ok(t, controllers.Stop()) })
	cluster.ExpectAppliedFiles(t.Context(), env.DecisionFiles...)
	decisions, err := env.StartDecisions(cluster.DecisionAccount())
	ok(t, err)
	t.Cleanup(func() { ok(t, decisions.Stop()) })
	tell(t.Context(), cluster)

	// What was started in a terminal listens where it does by default; here, curl is told the port that was free.
	r := &reader{t, t.TempDir(), filepath.Dir(cluster.Tool("kubectl")), decisions.URL}
	content, err := cluster.Kubeconfig("reader", "system:masters")
	ok(t, err)
	r.writes("kubeconfig", string(content))
	r.writes(".curlrc", fmt.Sprintf("connect-to = %q\n", manager.DecisionDefaults().Address+":"+strings.TrimPrefix(decisions.URL, "http://")))
	r.writes("token", cluster.ExpectCaller(t.Context(), "acme", "frontend"))
	return r
}

// tell applies the commerce story, and lets Ana in.
func tell(ctx context.Context, cluster *env.Cluster) {
	for _, file := range []string{"catalog", "tenant", "groups", "users", "vendor"} {
		cluster.ExpectAppliedFiles(ctx, "config/samples/commerce/"+file+".yaml")
	}
	ana := &accessv1.User{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "ana"}}
	cluster.Accept(ctx, ana)
	env.ExpectEventually(ctx, cluster, ana, env.HaveState(accessv1.UserActive))
}

// types runs a command. One that shows an answer is typed again until it is there: what was made a moment before has to
// reach the API server's authorizer first, and a refusal counts for ten seconds.
func (r *reader) types(command, answer string) {
	r.Helper()
	run := func() (string, error) {
		output, err := r.runs(command)
		return withoutRevision(output), err
	}
	if answer == "" || !strings.HasPrefix(command, "curl") {
		if output, err := run(); err != nil {
			r.Fatalf("%s: %v: %s", command, err, output)
		}
		return
	}
	gomega.Eventually(run, 30*time.Second, 100*time.Millisecond).Should(gomega.Equal(withoutRevision(answer)), command)
}

// runs is what a command prints in the end, where the files are that the reader has saved.
func (r *reader) runs(command string) (string, error) {
	shell := exec.CommandContext(r.Context(), "sh", "-c", command)
	shell.Dir = r.home
	shell.Env = append(os.Environ(), "HOME="+r.home, "CURL_HOME="+r.home, "KUBECONFIG="+filepath.Join(r.home, "kubeconfig"),
		"PATH="+r.path+string(filepath.ListSeparator)+os.Getenv("PATH"))
	output, err := shell.CombinedOutput()
	return strings.TrimSpace(string(output)), err
}

// programs compiles a piece of a program and runs it, where a name of the cluster leads to the service. It has to find what
// the page shows.
func (r *reader) programs(piece, shown string) {
	r.Helper()
	var want client.Decision
	if err := json.Unmarshal([]byte(shown), &want); err != nil {
		r.Fatalf("above this program there is no answer that it could find: %v", err)
	}
	piece = strings.ReplaceAll(piece, mountedToken, filepath.Join(r.home, "token"))
	r.writes("main.go", fmt.Sprintf(program, piece))
	binary := filepath.Join(r.home, "program")
	build := exec.CommandContext(r.Context(), "go", "build", "-o", binary, filepath.Join(r.home, "main.go"))
	build.Dir = root
	if output, err := build.CombinedOutput(); err != nil {
		r.Fatalf("%s\n%v: %s", piece, err, output)
	}
	run := exec.CommandContext(r.Context(), binary)
	run.Env = append(os.Environ(), "HTTP_PROXY="+r.service, "NO_PROXY=")
	output, err := run.CombinedOutput()
	if got := string(output); err != nil || got != found(want) {
		r.Errorf("%s\nfinds %s (%v), not %s", piece, got, err, found(want))
	}
}

// program is what a piece stands in.
const program = `package main

import (
	"context"
	"fmt"

	"github.com/roster-dev/roster/client"
)

func main() {
	ctx := context.Background()
%s
	if err != nil {
		panic(err)
	}
	fmt.Print(d.Allowed, d.Context.Reason, d.Context.Dimension)
}
`

// found is what a program prints that was answered so.
func found(d client.Decision) string {
	return fmt.Sprint(d.Allowed, d.Context.Reason, d.Context.Dimension)
}

var revision = regexp.MustCompile(`"revision":"[0-9]+"`)

// withoutRevision is an answer without what is another one at each run.
func withoutRevision(answer string) string {
	return revision.ReplaceAllString(answer, `"revision":"…"`)
}

func (r *reader) writes(name, content string) {
	r.Helper()
	ok(r.T, os.WriteFile(filepath.Join(r.home, name), []byte(content), 0o600))
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestThePageOnDecisionsNamesTheServiceThatShips keeps the address of its program.
func TestThePageOnDecisionsNamesTheServiceThatShips(t *testing.T) {
	objects, err := env.ReadFile("config/decisions/service.yaml")
	ok(t, err)
	address := "http://" + objects[0].GetName() + "." + objects[0].GetNamespace()
	if page := read(t, filepath.Join(root, "docs", "decisions.md")); !strings.Contains(page, `client.New("`+address+`"`) {
		t.Errorf("no program on the page asks %s", address)
	}
}
