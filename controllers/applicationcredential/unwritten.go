package applicationcredential

import (
	"io"
	"sync"

	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
	"github.com/roster-dev/roster/internal/credential"
)

// unwritten are the tokens that were made and are not in their Secrets yet, by credential. Another try is with the token that
// is recorded, so that nothing changes in the status while a Secret goes on being refused: each change is an event, and an
// event is another try at once. What is lost with the program costs one more record: another token is made. The zero value
// is ready to use.
type unwritten struct {
	lock   sync.Mutex
	tokens map[client.ObjectKey]string
}

// token is the recorded one, if it is known, and otherwise a new one.
func (u *unwritten) token(c *accessv1.ApplicationCredential, random io.Reader) (string, error) {
	u.lock.Lock()
	defer u.lock.Unlock()
	key := client.ObjectKeyFromObject(c)
	if token, ok := u.tokens[key]; ok && credential.Recorded(c, credential.HashOf(token)) {
		return token, nil
	}
	token, err := credential.NewToken(random)
	if err != nil {
		return "", err
	}
	if u.tokens == nil {
		u.tokens = map[client.ObjectKey]string{}
	}
	u.tokens[key] = token
	return token, nil
}

func (u *unwritten) forget(key client.ObjectKey) {
	u.lock.Lock()
	defer u.lock.Unlock()
	delete(u.tokens, key)
}
