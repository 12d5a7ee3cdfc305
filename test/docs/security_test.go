package docs_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/test/env"
)

// issuerURL is where the page has its identity provider.
const issuerURL = "https://login.acme.example"

// TestWhatThePageOnSecurityShowsHappens saves the files of docs/security.md and runs its commands, in its order, against the
// commerce story, with the guard and nothing but the shipped permissions. What it shows below a command is what that prints.
// Its file for the API server is the one that the API server has, and a token of its identity provider lets Jo in.
func TestWhatThePageOnSecurityShowsHappens(t *testing.T) {
	blocks := fence.FindAllStringSubmatch(read(t, filepath.Join(root, "docs", "security.md")), -1)
	files := map[string]string{}
	for _, block := range blocks {
		if named := regexp.MustCompile(`^# (\S+\.yaml)\n`).FindStringSubmatch(block[2]); block[1] == "yaml" && named != nil {
			files[named[1]] = block[2]
		}
	}
	provider := newIssuer(t)
	r, cluster := newGuardedReader(t, provider.trusted(files["authentication.yaml"]))
	for name, content := range files {
		ok(t, os.MkdirAll(filepath.Join(r.home, filepath.Dir(name)), 0o700))
		r.writes(name, content)
		if strings.HasPrefix(name, "docs/") && content != read(t, filepath.Join(root, name)) {
			t.Errorf("the page shows %s otherwise than it is", name)
		}
	}
	shown := 0
	for _, block := range blocks {
		if block[1] == "" {
			shown += r.follows(block[2])
		}
	}
	if len(files) != 5 || shown < 14 {
		t.Errorf("the page has %d files and %d commands: have their marks changed?", len(files), shown)
	}

	for _, c := range []struct {
		claims string
		sees   bool
	}{
		{`"email":"jo@acme.example","email_verified":true`, true},
		{`"email":"jo@acme.example"`, true},
		{`"email":"jo@acme.example","email_verified":false`, false},
		{`"email":"Jo@acme.example"`, false},
		{`"email":"dora@acme.example"`, false},
	} {
		holder := &rest.Config{Host: cluster.Config.Host, TLSClientConfig: rest.TLSClientConfig{CAData: cluster.Config.CAData}, BearerToken: provider.token(c.claims)}
		as, err := client.New(holder, client.Options{Scheme: cluster.Scheme})
		if err != nil && c.sees {
			t.Fatal(err)
		}
		if err == nil {
			err = as.List(t.Context(), &accessv1.UserList{}, client.InNamespace("acme"))
		}
		if (err == nil) != c.sees {
			t.Errorf("with %s, listing users says %v", c.claims, err)
		}
	}
}

// newGuardedReader is somebody with the cluster that the page speaks of: an API server with its file, a manager that guards,
// the commerce story, Jo and Ana in it, and the story of Paula's agency.
func newGuardedReader(t *testing.T, authentication string) (*reader, *env.Cluster) {
	t.Helper()
	gomega.RegisterTestingT(t)
	ctrl.SetLogger(logr.Discard())
	r := &reader{T: t, home: t.TempDir()}
	r.writes("trusted.yaml", authentication)
	cluster, err := env.Start(env.Guarded, func(environment *envtest.Environment) {
		environment.ControlPlane.GetAPIServer().Configure().Append("authentication-config", filepath.Join(r.home, "trusted.yaml"))
	})
	ok(t, err)
	t.Cleanup(func() { ok(t, cluster.Stop()) })
	cluster.ExpectAppliedFiles(t.Context(), env.ManagerFiles...)
	controllers, err := env.StartManager(cluster.ManagerAccount(), cluster)
	ok(t, err)
	t.Cleanup(func() { ok(t, controllers.Stop()) })
	gomega.Eventually(func() error {
		return cluster.Client.Create(t.Context(), &accessv1.User{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "any"}}, client.DryRunAll)
	}, time.Minute, 100*time.Millisecond).ShouldNot(gomega.MatchError(gomega.ContainSubstring("failed calling webhook")))
	tell(t.Context(), cluster)
	jo := &accessv1.User{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "jo"}}
	cluster.Accept(t.Context(), jo)
	env.ExpectEventually(t.Context(), cluster, jo, gomega.HaveField("Status.Administration", accessv1.LevelManage))
	for _, file := range []string{"catalog", "agency", "bakery", "florist"} {
		cluster.ExpectAppliedFiles(t.Context(), "config/samples/analytics/"+file+".yaml")
	}
	cluster.Accept(t.Context(), &accessv1.User{ObjectMeta: metav1.ObjectMeta{Namespace: "agency", Name: "paula"}})

	content, err := cluster.Kubeconfig("reader", "system:masters")
	ok(t, err)
	r.writes("kubeconfig", string(content))
	r.path = filepath.Dir(cluster.Tool("kubectl"))
	return r, cluster
}

var age = regexp.MustCompile(`\b[0-9]+[smh]\b`)

// unfolded is a text without what is another at each run, and without the line breaks that the page has put in.
func unfolded(text string) string {
	return age.ReplaceAllString(strings.Join(strings.Fields(text), " "), "…")
}

// follows types each command of a block until it prints what stands below it, and says how many there are.
func (r *reader) follows(block string) int {
	r.Helper()
	commands := strings.Split("\n"+block, "\n$ ")[1:]
	for _, command := range commands {
		command, shown, _ := strings.Cut(command, "\n")
		var printed []string
		gomega.Eventually(func() bool {
			output, _ := r.runs(command) // "no" is an error to kubectl
			printed = append(printed, output)
			return unfolded(output) == unfolded(shown)
		}, 10*time.Second, 100*time.Millisecond).Should(gomega.BeTrue(), func() string {
			return command + "\n" + strings.Join(slices.Compact(printed), "\n")
		})
	}
	return len(commands)
}

// issuer is an identity provider that signs what it is told to.
type issuer struct {
	*testing.T
	server *httptest.Server
	key    *rsa.PrivateKey
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	ok(t, err)
	i := &issuer{T: t, key: key}
	mux := http.NewServeMux()
	i.server = httptest.NewTLSServer(mux)
	t.Cleanup(i.server.Close)
	for path, content := range map[string]any{
		"/.well-known/openid-configuration": map[string]any{
			"issuer": i.server.URL, "jwks_uri": i.server.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"},
		},
		"/keys": map[string]any{"keys": []map[string]string{{
			"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "1", "n": encode(key.N.Bytes()), "e": encode(big.NewInt(int64(key.E)).Bytes()),
		}}},
	} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if err := json.NewEncoder(w).Encode(content); err != nil {
				t.Error(err)
			}
		})
	}
	return i
}

// trusted is the API server's file as the page has it, but for where the identity provider is, and who vouches for it.
func (i *issuer) trusted(file string) string {
	i.Helper()
	if strings.Count(file, issuerURL) != 1 {
		i.Fatalf("the file for the API server does not name %s once:\n%s", issuerURL, file)
	}
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.server.Certificate().Raw})
	indented := strings.ReplaceAll(strings.TrimSpace(string(authority)), "\n", "\n      ")
	return strings.Replace(file, issuerURL, i.server.URL+"\n    certificateAuthority: |\n      "+indented, 1)
}

// token is one with these claims about the holder, for the API server and for some minutes.
func (i *issuer) token(claims string) string {
	i.Helper()
	now := time.Now()
	body := fmt.Sprintf(`{"iss":%q,"aud":"kubernetes","sub":"1","iat":%d,"exp":%d,%s}`, i.server.URL, now.Unix(), now.Add(5*time.Minute).Unix(), claims)
	signed := encode([]byte(`{"alg":"RS256","kid":"1"}`)) + "." + encode([]byte(body))
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, i.key, crypto.SHA256, sum[:])
	ok(i.T, err)
	return signed + "." + encode(signature)
}

func encode(content []byte) string { return base64.RawURLEncoding.EncodeToString(content) }
