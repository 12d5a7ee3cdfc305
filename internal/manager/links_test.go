package manager

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/roster-dev/roster/internal/link"
	"github.com/roster-dev/roster/internal/status"
)

func TestThePagesQuoteWhatIsSaidOfABrokenLinkKey(t *testing.T) {
	t.Parallel()
	broken := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "roster-system", Name: linkKeysName}, Data: map[string][]byte{"k3": []byte("abc")}}
	l := &links{reader: fake.NewClientBuilder().WithObjects(broken).Build(), namespace: "roster-system"}
	_, err := l.Link(t.Context(), link.Invitation, "uid", time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
	if err == nil {
		t.Fatal("a key of three bytes signs")
	}
	said := status.Sentence(err.Error())
	general, _, _ := strings.Cut(said, ": ")
	for page, quoted := range map[string]string{"runbook.md": "`" + said + "`", "tasks/mail.md": " | " + general + ": … | "} {
		text, err := os.ReadFile(filepath.Join("..", "..", "docs", page))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), quoted) {
			t.Errorf("docs/%s does not say %q", page, quoted)
		}
	}
}
