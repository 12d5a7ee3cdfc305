package links_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/mail"
	"github.com/roster-dev/roster/test/env"
)

var _ = Describe("from invitation to page", Ordered, func() {
	var mailbox *mail.Mailbox
	stopMailbox := func() {}
	AfterAll(func() { stopMailbox() })
	keys := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "roster-system", Name: "roster-link-keys"}}
	invite := func(ctx context.Context, name string) (link string) {
		GinkgoHelper()
		cluster.ExpectApplied(ctx, user(name))
		Eventually(func() string { link = linkTo(mailbox, name+"@acme.example"); return link }).ShouldNot(BeEmpty())
		return link
	}
	probe := func(path string) int { return status("http://" + options.HealthAddress + path) }

	It("a wrong mail server shows as a condition, a metric and in readiness, and mails go out once it is mended", func(ctx context.Context) {
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", options.SMTP.Port))
		Expect(err).NotTo(HaveOccurred())
		closed := background(func(context.Context) error { return answerNonsense(listener) })
		Expect(probe("/readyz/mail")).To(Equal(http.StatusOK), "nothing waits yet")

		cluster.ExpectApplied(ctx, user("ana"))
		ana := env.ExpectEventually(ctx, cluster, user("ana"), HaveField("Status.Invitation", Not(BeNil())))
		first := &accessv1.Invitation{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: ana.Status.Invitation.Name}}
		env.ExpectEventually(ctx, cluster, first, env.HaveCondition(accessv1.ConditionDelivered, metav1.ConditionFalse, accessv1.ReasonMisconfigured))
		Eventually(func() int { return probe("/readyz/mail") }).Should(Equal(http.StatusInternalServerError))
		Expect(probe("/readyz")).To(Equal(http.StatusInternalServerError))
		Expect(probe("/readyz?exclude=mail")).To(Equal(http.StatusOK), "what probes ask for: the pages answer all the same")
		Expect(pending("Misconfigured")).To(Equal(1.0))

		Expect(listener.Close()).To(Succeed())
		closed()
		mailbox, err = mail.NewMailbox(mail.MailboxConfig{
			SMTPAddress: fmt.Sprintf("127.0.0.1:%d", options.SMTP.Port), PageAddress: "127.0.0.1:0",
		})
		Expect(err).NotTo(HaveOccurred())
		stopMailbox = background(mailbox.Run)
		env.ExpectEventually(ctx, cluster, first, env.HaveState(accessv1.InvitationSent))
		Eventually(func() int { return probe("/readyz") }).Should(Equal(http.StatusOK))
		Expect(pending("Misconfigured")).To(BeZero())
	})

	It("a key that is added signs at once, and links that are out work until theirs is removed", func(ctx context.Context) {
		old := linkTo(mailbox, "ana@acme.example")
		Expect(status(old)).To(Equal(http.StatusOK))
		documented(ctx, `kubectl patch secret roster-link-keys -n roster-system -p "{\"data\":{\"k2\":`)
		var young string
		Eventually(func() byte { // a moment later the program has seen it
			young = invite(ctx, env.Unique("user"))
			return keyOf(young)
		}).Should(BeEquivalentTo(2))
		Expect(keyOf(old)).To(BeEquivalentTo(1))
		Expect([]int{status(old), status(young)}).To(Equal([]int{http.StatusOK, http.StatusOK}))
		documented(ctx, `kubectl patch secret roster-link-keys -n roster-system -p '{"data":{"k1":`)
		Eventually(func() int { return status(old) }).Should(Equal(http.StatusNotFound))
		Expect(status(young)).To(Equal(http.StatusOK))
	})

	It("the keys are made again when somebody deletes them: what is out is dead, what comes works", func(ctx context.Context) {
		old := invite(ctx, "cleo")
		Expect(status(old)).To(Equal(http.StatusOK))
		before := &corev1.Secret{}
		Expect(cluster.Client.Get(ctx, client.ObjectKeyFromObject(keys), before)).To(Succeed())
		cluster.ExpectDeleted(ctx, before.DeepCopy())
		env.ExpectEventually(ctx, cluster, keys, And(HaveField("UID", Not(Equal(before.UID))), HaveField("Data", HaveKey("k1"))))
		Eventually(func() int { return status(old) }).Should(Equal(http.StatusNotFound))
		Expect(status(invite(ctx, "dan"))).To(Equal(http.StatusOK))
	})
})

// documented runs the command of the runbook that begins so, as it is written.
func documented(ctx context.Context, begins string) {
	GinkgoHelper()
	page, err := os.ReadFile(filepath.Join(env.Root(), "docs", "runbook.md"))
	Expect(err).NotTo(HaveOccurred())
	at := strings.Index(string(page), "\n"+begins)
	Expect(at).To(BeNumerically(">", 0), "the runbook has no such command")
	line, _, _ := strings.Cut(string(page[at+1:]), "\n")
	kubeconfig, err := cluster.Kubeconfig("operator", "system:masters")
	Expect(err).NotTo(HaveOccurred())
	file := filepath.Join(GinkgoT().TempDir(), "kubeconfig")
	Expect(os.WriteFile(file, kubeconfig, 0o600)).To(Succeed())
	command := exec.CommandContext(ctx, "bash", "-c", line)
	command.Env = append(os.Environ(), "KUBECONFIG="+file, "PATH="+filepath.Dir(cluster.Tool("kubectl"))+":"+os.Getenv("PATH"))
	output, err := command.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), string(output))
}

// keyOf is the number of the key that signed a link, if it is a small one.
func keyOf(link string) byte {
	token, _, _ := strings.Cut(path.Base(link), ".")
	payload, err := base64.RawURLEncoding.DecodeString(token)
	Expect(err).NotTo(HaveOccurred())
	return payload[4] // a version, and four bytes of the key's number
}

// answerNonsense speaks like something that is no mail server, until the listener is closed.
func answerNonsense(listener net.Listener) error {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return nil
		}
		_, err = connection.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
		if err := connection.Close(); err != nil {
			return err
		}
		if err != nil {
			return err
		}
	}
}

// pending is what the metric says of invitations that wait for a reason.
func pending(reason string) (count float64) {
	families, err := metrics.Registry.Gather()
	Expect(err).NotTo(HaveOccurred())
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			labels := map[string]string{}
			for _, label := range metric.GetLabel() {
				labels[label.GetName()] = label.GetValue()
			}
			if family.GetName() == "roster_mails_pending" && labels["kind"] == "Invitation" && labels["reason"] == reason {
				count = metric.GetGauge().GetValue()
			}
		}
	}
	return count
}
