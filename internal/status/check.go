package status

import (
	"errors"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// Check returns an error that names every invariant which the conditions of a finished object break:
// the status speaks of the present generation; Ready is there; Reconciling and Stalled are there only while True, never
// both, and never beside Ready=True; every condition has a reason and a message, and is listed once.
func Check(conditions []metav1.Condition, observed, generation int64) error {
	var errs []error
	if observed != generation {
		errs = append(errs, fmt.Errorf("the status is of generation %d, the object of %d", observed, generation))
	}
	found := map[string]metav1.Condition{}
	for _, c := range conditions {
		if _, twice := found[c.Type]; twice {
			errs = append(errs, fmt.Errorf("%s is listed twice", c.Type))
		}
		found[c.Type] = c
		errs = append(errs, checkOne(c, generation)...)
	}
	ready, hasReady := found[accessv1.ConditionReady]
	_, reconciling := found[accessv1.ConditionReconciling]
	_, stalled := found[accessv1.ConditionStalled]
	if !hasReady {
		errs = append(errs, errors.New("condition Ready is missing"))
	}
	if reconciling && stalled {
		errs = append(errs, errors.New("conditions Reconciling and Stalled exclude each other"))
	}
	if ready.Status == metav1.ConditionTrue && (reconciling || stalled) {
		errs = append(errs, errors.New("condition Ready is True beside Reconciling or Stalled"))
	}
	return errors.Join(errs...)
}

func checkOne(c metav1.Condition, generation int64) []error {
	var errs []error
	if c.ObservedGeneration != generation {
		errs = append(errs, fmt.Errorf("%s is of generation %d, the object of %d", c.Type, c.ObservedGeneration, generation))
	}
	if c.Reason == "" || strings.TrimSpace(c.Message) == "" {
		errs = append(errs, fmt.Errorf("%s lacks a reason or a message", c.Type))
	}
	onlyTrue := c.Type == accessv1.ConditionReconciling || c.Type == accessv1.ConditionStalled
	if onlyTrue && c.Status != metav1.ConditionTrue {
		errs = append(errs, fmt.Errorf("%s is there and not True", c.Type))
	}
	return errs
}
