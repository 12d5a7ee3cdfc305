package crd_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// bound is the least and the greatest length of a string or list, or the least and greatest number; a list may be
// empty where least is 0.
type bound struct{ least, greatest int }

// bounds by kind and place; "rule" is every place where the type Rule stands. A bound that is not in this table, or is
// another one, fails the suite.
var bounds = map[string]bound{
	"rule.services":    {1, 64},
	"rule.services[]":  {1, 63},
	"rule.resources":   {1, 256},
	"rule.resources[]": {1, 63},
	"rule.actions":     {1, 32},
	"rule.actions[]":   {1, 63},

	"resourcecatalog spec.displayName":                                {1, 128},
	"resourcecatalog spec.administrationResource":                     {1, 63},
	"resourcecatalog spec.services":                                   {0, 32},
	"resourcecatalog spec.services[].name":                            {1, 63},
	"resourcecatalog spec.services[].displayName":                     {1, 128},
	"resourcecatalog spec.services[].resources":                       {0, 64},
	"resourcecatalog spec.services[].resources[].name":                {1, 63},
	"resourcecatalog spec.services[].resources[].displayName":         {1, 128},
	"resourcecatalog spec.services[].resources[].restrictedBy":        {0, 16},
	"resourcecatalog spec.services[].resources[].restrictedBy[]":      {1, 63},
	"resourcecatalog spec.services[].resources[].actions":             {0, 32},
	"resourcecatalog spec.services[].resources[].actions[]":           {1, 63},
	"resourcecatalog spec.services[].resources[].identifiedBy":        {1, 63},
	"resourcecatalog spec.services[].resources[].requires":            {0, 2},
	"resourcecatalog spec.services[].resources[].requires[].read":     {1, 64},
	"resourcecatalog spec.services[].resources[].requires[].read[]":   {1, 63},
	"resourcecatalog spec.services[].resources[].requires[].manage":   {1, 64},
	"resourcecatalog spec.services[].resources[].requires[].manage[]": {1, 63},
	"resourcecatalog spec.roles":                                      {0, 128},
	"resourcecatalog spec.roles[].name":                               {1, 63},
	"resourcecatalog spec.roles[].displayName":                        {1, 128},
	"resourcecatalog spec.roles[].description":                        {1, 1024},
	"resourcecatalog spec.roles[].rules":                              {0, 64},
	"resourcecatalog spec.roles[].options":                            {0, 16},
	"resourcecatalog spec.roles[].options[].name":                     {1, 63},
	"resourcecatalog spec.roles[].options[].rules":                    {1, 16},
	"resourcecatalog spec.roles[].userTypes":                          {1, 3},

	"tenant spec.displayName":                                  {1, 128},
	"tenant spec.catalogRef.name":                              {1, 253},
	"tenant spec.namespace":                                    {1, 63},
	"tenant spec.managedBy.name":                               {1, 253},
	"tenant spec.allowedEmailDomains":                          {1, 64},
	"tenant spec.allowedEmailDomains[]":                        {1, 255},
	"tenant spec.dimensions":                                   {0, 16},
	"tenant spec.dimensions[].name":                            {1, 63},
	"tenant spec.dimensions[].values":                          {1, 1024},
	"tenant spec.dimensions[].values[]":                        {1, 128},
	"tenant spec.dimensions[].valuesFrom.configMapKeyRef.name": {1, 253},
	"tenant spec.dimensions[].valuesFrom.configMapKeyRef.key":  {1, 253},
	"tenant spec.defaultAccess":                                {0, 32},
	"tenant spec.entitledRoles":                                {0, 128},
	"tenant spec.entitledRoles[]":                              {1, 63},
	"tenant spec.onboarding.validSeconds":                      {3600, 2592000},
	"tenant spec.onboarding.productName":                       {1, 128},
	"tenant spec.onboarding.supportEmail":                      {3, 150},
	"tenant spec.onboarding.continueURL":                       {9, 2048},

	"user spec.email":                 {3, 150},
	"user spec.firstName":             {1, 128},
	"user spec.lastName":              {1, 128},
	"user spec.department":            {1, 128},
	"user spec.groups":                {0, 1000},
	"user spec.groups[].name":         {1, 253},
	"user spec.attributes":            {0, 32},
	"user spec.attributes[].name":     {1, 63},
	"user spec.attributes[].values":   {0, 256},
	"user spec.attributes[].values[]": {1, 128},

	"usergroup spec.displayName":         {1, 256},
	"usergroup spec.description":         {1, 1024},
	"usergroup spec.roles":               {0, 128},
	"usergroup spec.roles[].name":        {1, 253},
	"usergroup spec.access":              {0, 64},
	"usergroup spec.restrictions":        {0, 128},
	"usergroup spec.restrictions[].name": {1, 253},
	"usergroup spec.members":             {0, 10000},
	"usergroup spec.members[].name":      {1, 253},
	"usergroup spec.vendorRef.name":      {1, 253},

	"role spec.displayName": {1, 128},
	"role spec.description": {1, 1024},
	"role spec.rules":       {0, 64},
	"role spec.userTypes":   {1, 3},

	"restriction spec.displayName":              {1, 256},
	"restriction spec.dimension":                {1, 63},
	"restriction spec.values":                   {0, 512},
	"restriction spec.values[]":                 {1, 253},
	"restriction spec.valuesFrom.userAttribute": {1, 63},

	"vendor spec.displayName": {1, 128},
	"vendor spec.options":     {0, 16},
	"vendor spec.options[]":   {1, 63},

	"invitation spec.userRef.name": {1, 253},
	"invitation spec.validSeconds": {3600, 2592000},
	"invitation spec.requestedBy":  {1, 253},

	"passwordreset spec.userRef.name": {1, 253},
	"passwordreset spec.validSeconds": {300, 86400},
	"passwordreset spec.requestedBy":  {1, 253},

	"applicationcredential spec.userRef.name":   {1, 253},
	"applicationcredential spec.access":         {1, 64},
	"applicationcredential spec.secretName":     {1, 253},
	"applicationcredential spec.rotation":       {0, 1000000},
	"applicationcredential spec.overlapSeconds": {0, 2592000},
}

func TestTheTableHoldsTheBoundsOfEverySpec(t *testing.T) {
	found := map[string]bool{}
	for _, f := range fields() {
		b, ok := f.bound()
		if !ok || !strings.HasPrefix(f.path, "spec") {
			continue
		}
		found[f.row()] = true
		if want, ok := bounds[f.row()]; !ok || b != want {
			t.Errorf("%s at %s is bound by %v, the table says %v", f.kind, f.path, b, want)
		}
	}
	for _, row := range slices.Sorted(maps.Keys(bounds)) {
		if !found[row] {
			t.Errorf("no CRD has a bound at %s", row)
		}
	}
}

func TestEveryBoundIsKept(t *testing.T) {
	valid := files(t, "valid")
	for _, f := range fields() {
		b, ok := bounds[f.row()]
		if !ok {
			continue
		}
		t.Run(f.kind+" "+f.path, func(t *testing.T) {
			object := specimen(t, valid, f)
			if err := f.create(t, object, b.greatest); err != nil {
				t.Errorf("%d is refused: %v", b.greatest, err)
			}
			if !f.outOfBounds(t, f.create(t, object, b.greatest+1)) {
				t.Errorf("%d is not too many", b.greatest+1)
			}
			if b.least == 0 {
				return
			}
			if err := f.create(t, object, b.least); err != nil && f.outOfBounds(t, err) {
				t.Errorf("%d is refused: %v", b.least, err)
			}
			if !f.outOfBounds(t, f.create(t, object, b.least-1)) {
				t.Errorf("%d is not too few", b.least-1)
			}
		})
	}
}

// row is the place's row in the table of bounds.
func (f field) row() string {
	if inRule.MatchString(f.path) {
		return inRule.ReplaceAllString(f.path, "rule")
	}
	return f.kind + " " + f.path
}

func (f field) bound() (bound, bool) {
	s, b := f.schema, bound{}
	for _, least := range []*int64{s.MinLength, s.MinItems} {
		if least != nil {
			b.least = int(*least)
		}
	}
	for _, greatest := range []*int64{s.MaxLength, s.MaxItems} {
		if greatest != nil {
			b.greatest = int(*greatest)
		}
	}
	if s.Minimum != nil {
		b.least = int(*s.Minimum)
	}
	if s.Maximum != nil {
		b.greatest = int(*s.Maximum)
	}
	return b, b != bound{}
}

// specimen returns a valid object that has something at the place.
func specimen(t *testing.T, valid []file, f field) *unstructured.Unstructured {
	t.Helper()
	for _, candidate := range valid {
		if candidate.kind == f.kind && len(candidate.documents) == 1 && get(candidate.documents[0].Object, f.steps()) != nil {
			return candidate.documents[0]
		}
	}
	t.Fatal("no file under valid/ has anything there")
	return nil
}

// create tries the specimen with n at the place: as the number, or as so many characters or items.
func (f field) create(t *testing.T, specimen *unstructured.Unstructured, n int) error {
	t.Helper()
	object := specimen.DeepCopy()
	put(object.Object, f.steps(), f.value(n, get(object.Object, f.steps())))
	return server.Create(t.Context(), object, client.DryRunAll)
}

func (f field) value(n int, example any) any {
	switch example := example.(type) {
	case string:
		return (example + strings.Repeat("a", n))[:n]
	case []any:
		items := []any{}
		for i := range n {
			items = append(items, f.item(i, example[0]))
		}
		return items
	default:
		return int64(n)
	}
}

// item returns the item at i of a list without duplicates, as long as an enum has different values.
func (f field) item(i int, example any) any {
	object, ok := example.(map[string]any)
	if !ok {
		schema := *f.schema.Items.Schema
		if text, isText := example.(string); isText && schema.Pattern != "" {
			return fmt.Sprint(distinct(i, schema), text) // the example fits the pattern, and so does one before which a name stands
		}
		return distinct(i, schema)
	}
	if *f.schema.XListType != "map" {
		return object
	}
	key := f.schema.XListMapKeys[0]
	object = maps.Clone(object)
	object[key] = distinct(i, f.schema.Items.Schema.Properties[key])
	return object
}

// outOfBounds says whether that place is refused for its size.
func (f field) outOfBounds(t *testing.T, err error) bool {
	t.Helper()
	place := strings.ReplaceAll(f.path, "[]", "[0]")
	return slices.ContainsFunc(refusal(t, err), func(cause string) bool {
		if !strings.HasPrefix(cause, place+": ") {
			return false
		}
		return slices.ContainsFunc([]string{"Too long", "Too many", "should be at least", "should have at least",
			"should be greater than or equal to", "should be less than or equal to"}, func(words string) bool {
			return strings.Contains(cause, words)
		})
	})
}
