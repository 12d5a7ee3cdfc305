package main

import (
	apimeta "k8s.io/apimachinery/pkg/api/meta"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// mapper knows the kinds without asking an API server.
func mapper() apimeta.RESTMapper {
	m := apimeta.NewDefaultRESTMapper(nil)
	for kind, scope := range map[string]apimeta.RESTScope{
		"User": apimeta.RESTScopeNamespace, "Restriction": apimeta.RESTScopeNamespace, "ApplicationCredential": apimeta.RESTScopeNamespace,
		"Tenant": apimeta.RESTScopeRoot, "ResourceCatalog": apimeta.RESTScopeRoot,
	} {
		m.Add(accessv1.SchemeGroupVersion.WithKind(kind), scope)
	}
	return m
}
