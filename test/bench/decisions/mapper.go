package main

import (
	"k8s.io/apimachinery/pkg/api/meta"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// mapper knows the kinds without asking an API server.
func mapper() meta.RESTMapper {
	m := meta.NewDefaultRESTMapper(nil)
	for kind, scope := range map[string]meta.RESTScope{
		"User": meta.RESTScopeNamespace, "Restriction": meta.RESTScopeNamespace,
		"Tenant": meta.RESTScopeRoot, "ResourceCatalog": meta.RESTScopeRoot,
	} {
		m.Add(accessv1.SchemeGroupVersion.WithKind(kind), scope)
	}
	return m
}
