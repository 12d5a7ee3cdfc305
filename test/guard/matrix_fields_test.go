package guard_test

import (
	"context"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	accessv1 "github.com/roster-dev/roster/api/v1alpha1"
)

// fields are those of a kind that the tests know: a field that the API has and this does not fails.
type fields struct {
	// gives are those of the spec by which somebody can gain. There is a row that refuses each of the first level, and one
	// that lets it through.
	gives string
	// shows are those of the spec by which nobody can.
	shows string
	// status fields are Roster's, with all that is in them.
	status string
}

var known = map[string]fields{
	"User": {
		gives: "attributes attributes.name attributes.values department email groups groups.name groups.until onboarding state type",
		shows: "firstName lastName",
		status: "acceptedAt acceptedEmail accessSummary administration groups groups.from groups.name groups.until observedGeneration state " +
			"invitation invitation.email invitation.expiresAt invitation.name invitation.state " + conditions + entries("effectiveAccess") + entries("groups.access"),
	},
	"UserGroup": {
		gives: "access access.actions access.level access.resources access.services members members.name members.until " +
			"restrictions restrictions.name roles roles.name",
		shows:  "description displayName vendorRef vendorRef.name",
		status: "members observedGeneration " + conditions + entries("access"),
	},
	"Role": {
		gives:  "protection rules rules.actions rules.level rules.resources rules.services userTypes",
		shows:  "description displayName",
		status: "groups observedGeneration " + conditions,
	},
	"Restriction": {
		gives:  "dimension values valuesFrom valuesFrom.userAttribute",
		shows:  "displayName",
		status: "groups observedGeneration " + conditions,
	},
	"Vendor": {gives: "options", shows: "displayName", status: "groups observedGeneration restriction " + conditions},
	// Letters are asked for by administrators, and cannot be changed.
	"Invitation":    {shows: "cancel requestedBy userRef userRef.name validSeconds", status: letter},
	"PasswordReset": {shows: "cancel requestedBy userRef userRef.name validSeconds", status: letter},
	"ApplicationCredential": {
		gives: "access access.actions access.level access.resources access.services expiresAt userRef userRef.name",
		shows: "overlapSeconds rotation secretName",
		status: "accessSummary clientID observedGeneration pending pending.rotation pending.tokenHash previous previous.tokenHash previous.until " +
			"rotation tokenHash userAddressHash userUID " + conditions + entries("effectiveAccess"),
	},
	// Tenants and catalogs are the platform's, with all that is in them: the guard judges their statuses alone.
	"Tenant": {
		shows: "allowedEmailDomains catalogRef catalogRef.name defaultAccess defaultAccess.actions defaultAccess.level defaultAccess.resources " +
			"defaultAccess.services deletionPolicy dimensions dimensions.name dimensions.restrictions dimensions.values dimensions.valuesFrom " +
			"dimensions.valuesFrom.configMapKeyRef dimensions.valuesFrom.configMapKeyRef.key dimensions.valuesFrom.configMapKeyRef.name displayName " +
			"entitledRoles managedBy managedBy.name namespace onboarding onboarding.continueURL onboarding.locale onboarding.mode " +
			"onboarding.productName onboarding.supportEmail onboarding.validSeconds state userRemoval",
		status: "groups namespace observedGeneration users users.active users.inactive users.invited users.total vendors " + conditions,
	},
	"ResourceCatalog": {
		shows: "administrationResource displayName roles roles.description roles.displayName roles.name roles.options roles.options.name " +
			"roles.options.rules roles.options.rules.actions roles.options.rules.level roles.options.rules.resources roles.options.rules.services " +
			"roles.protection roles.rules roles.rules.actions roles.rules.level roles.rules.resources roles.rules.services roles.userTypes " +
			"roles.vendor roles.visibility services services.displayName services.name services.resources services.resources.actions " +
			"services.resources.displayName services.resources.identifiedBy services.resources.name services.resources.requires " +
			"services.resources.requires.level services.resources.requires.manage services.resources.requires.read services.resources.restrictedBy",
		status: "observedGeneration problems resources roles services " + conditions,
	},
}

const (
	conditions = "conditions conditions.lastTransitionTime conditions.message conditions.observedGeneration conditions.reason conditions.status conditions.type"
	letter     = "acceptedAt attempt email expiresAt firstAttemptAt messageID nextAttemptAt observedGeneration sentAt signIn state " +
		"wrongAddress wrongAddress.count wrongAddress.since " + conditions
)

// entries are the fields of a list of what is given, with a space before.
func entries(list string) string {
	out := " " + list
	for _, field := range strings.Fields("actions level resources restrictedTo restrictedTo.dimension restrictedTo.userAttributes restrictedTo.values until via via.group via.role via.tenant") {
		out += " " + list + "." + field
	}
	return out
}

var _ = Describe("The tables", func() {
	It("know every field", func(ctx context.Context) {
		definitions := &apiextensionsv1.CustomResourceDefinitionList{}
		Expect(apiextensionsv1.AddToScheme(cluster.Scheme)).To(Succeed())
		reader, err := client.New(cluster.Config, client.Options{Scheme: cluster.Scheme})
		Expect(err).NotTo(HaveOccurred())
		Expect(reader.List(ctx, definitions)).To(Succeed())
		var missing []string
		for i := range definitions.Items {
			if spec := &definitions.Items[i].Spec; spec.Group == accessv1.SchemeGroupVersion.Group {
				missing = append(missing, unknownFields(spec)...)
			}
		}
		Expect(missing).To(BeEmpty())
	})

	It("refuse each field by which somebody can gain in one row, and let it through in another", func() {
		var missing []string
		for kind, of := range known {
			for _, field := range strings.Fields(of.gives) {
				if !strings.Contains(field, ".") {
					missing = append(missing, untried(kind, field)...)
				}
			}
		}
		Expect(missing).To(BeEmpty())
	})
})

func unknownFields(of *apiextensionsv1.CustomResourceDefinitionSpec) []string {
	var out []string
	kind := of.Names.Kind
	for _, version := range of.Versions {
		properties := version.Schema.OpenAPIV3Schema.Properties
		for _, field := range paths(properties["spec"], "") {
			if !slices.Contains(strings.Fields(known[kind].gives+" "+known[kind].shows), field) {
				out = append(out, "spec."+field+" of "+kind+" is unknown: say in matrix_fields_test.go whether somebody can gain by it, and if so add rows")
			}
		}
		for _, field := range paths(properties["status"], "") {
			if !slices.Contains(strings.Fields(known[kind].status), field) {
				out = append(out, "status."+field+" of "+kind+" is unknown: add it in matrix_fields_test.go, and see who reads it")
			}
		}
	}
	return out
}

// paths are the fields of a schema, as "groups.name".
func paths(schema apiextensionsv1.JSONSchemaProps, prefix string) []string {
	if schema.Items != nil {
		return paths(*schema.Items.Schema, prefix)
	}
	var out []string
	for name, of := range schema.Properties {
		out = append(out, prefix+name)
		out = append(out, paths(of, prefix+name+".")...)
	}
	return out
}

// untried says what is not in the rows of the tables.
func untried(kind, field string) []string {
	refused, through := false, false
	for _, r := range tabled {
		q := readRequest("", r.request)
		content, _ := q.what.(map[string]any)
		if spec, ok := content["spec"].(map[string]any); ok {
			content = spec
		}
		if _, ok := content[field]; !ok || q.kind != kind || q.verb == "forges" {
			continue
		}
		if r.says != "" {
			refused = true
		} else {
			through = true
		}
	}
	var out []string
	if !refused {
		out = append(out, "no row refuses spec."+field+" of "+kind+": add one")
	}
	if !through {
		out = append(out, "no row lets spec."+field+" of "+kind+" through: add one")
	}
	return out
}
