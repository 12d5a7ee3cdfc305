package main

import "sigs.k8s.io/controller-runtime/pkg/metrics"

// reconciles is how often a controller has reconciled anything, in all managers of this process. Zero writes prove
// something only if there was something to decide.
func reconciles(controller string) int {
	return sum("controller_runtime_reconcile_total", "controller", controller)
}

// waiting is how many objects a controller has still to look at.
func waiting(controller string) int { return sum("workqueue_depth", "name", controller) }

// busy is how many reconciles wait or run, in all controllers.
func busy() int {
	return sum("workqueue_depth", "", "") + sum("controller_runtime_active_workers", "", "")
}

// sum adds up a metric over all label values, except that label, unless it is empty, has to have the value.
func sum(name, label, value string) int {
	families, err := metrics.Registry.Gather()
	if err != nil {
		return 0
	}
	total := 0.0
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, m := range family.GetMetric() {
			if label == "" || labelled(m.GetLabel(), label, value) {
				total += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return int(total)
}

type pair interface {
	GetName() string
	GetValue() string
}

func labelled[P pair](labels []P, name, value string) bool {
	for _, l := range labels {
		if l.GetName() == name {
			return l.GetValue() == value
		}
	}
	return false
}
