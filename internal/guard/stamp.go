package guard

import (
	"context"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// Stamp writes into an invitation or a password reset who asked for it, whatever its author wrote there. What is stamped
// stays: one that is applied again without it is still the same. Roster's own have nobody to name.
func (g *Guard) Stamp(ctx context.Context, request admission.Request) admission.Response {
	by := request.UserInfo.Username
	if by == g.Self {
		by = ""
	}
	if len(request.OldObject.Raw) > 0 {
		stored := map[string]any{}
		err := json.Unmarshal(request.OldObject.Raw, &stored)
		if err == nil {
			by, _, err = unstructured.NestedString(stored, "spec", "requestedBy")
		}
		if err != nil {
			return unable(ctx, err)
		}
	}
	stamped := map[string]any{}
	if err := json.Unmarshal(request.Object.Raw, &stamped); err != nil {
		return unable(ctx, err)
	}
	if err := stamp(stamped, by); err != nil {
		return unable(ctx, err)
	}
	content, err := json.Marshal(stamped)
	if err != nil {
		return unable(ctx, err)
	}
	return admission.PatchResponseFromRaw(request.Object.Raw, content)
}

func stamp(object map[string]any, by string) error {
	if by == "" {
		unstructured.RemoveNestedField(object, "spec", "requestedBy")
		return nil
	}
	return unstructured.SetNestedField(object, by, "spec", "requestedBy")
}
