package signin

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-logr/logr/funcr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/roster-dev/roster/internal/address"
	"github.com/roster-dev/roster/internal/identity"
	"github.com/roster-dev/roster/internal/watch"
)

func TestNoLineOfTheLogSpellsAnAddressNotEvenInAPasswordsName(t *testing.T) {
	at, err := address.Parse("ana@acme.example")
	if err != nil {
		t.Fatal(err)
	}
	name := identity.Name(at)
	var lines bytes.Buffer
	log := discreetly(funcr.New(func(prefix, line string) { fmt.Fprintln(&lines, prefix, line) }, funcr.Options{}))
	request := watch.Request("dex", name)
	conflict := apierrors.NewConflict(schema.GroupResource{Resource: "passwords"}, name, errors.New("changed"))
	failure := identity.Discreet(name, fmt.Errorf("could not read a sign-in: %w", conflict))
	log(&request).Error(failure, "Reconciler error")
	log(nil).Info("Starting")
	if written := lines.String(); strings.Contains(written, name) || !strings.Contains(written, identity.Mask(name)) || !strings.Contains(written, "could not read a sign-in") {
		t.Errorf("the log says:\n%s", written)
	}
	if !apierrors.IsConflict(failure) {
		t.Error("nobody sees any more that it is a conflict")
	}
}
