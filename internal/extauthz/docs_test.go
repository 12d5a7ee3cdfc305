package extauthz

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	extauthzv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_authz/v3"
	jwtv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/jwt_authn/v3"
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"sigs.k8s.io/yaml"
)

// What the documentation shows is a table that is accepted, and filters that Envoy knows and that fail closed.
func TestTheDocumentedSetUp(t *testing.T) {
	page, err := os.ReadFile("../../docs/decisions.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "## Behind Envoy\n")
	blocks := strings.Split(section, "```")
	if len(blocks) < 4 {
		t.Fatal("there is no example")
	}
	documented := tableOf(t, strings.TrimPrefix(blocks[1], "yaml"))
	if got := documented.question(attributes(ana(t), sent("PATCH", "shop.example", "/orders/1"))).Query.Action; got != "update" {
		t.Errorf("an update is %q", got)
	}
	var chain struct {
		Filters []struct {
			Config json.RawMessage `json:"typed_config"`
		} `json:"http_filters"`
	}
	if err := yaml.Unmarshal([]byte(strings.TrimPrefix(blocks[3], "yaml")), &chain); err != nil {
		t.Fatal(err)
	}
	var seen []proto.Message
	for _, filter := range chain.Filters {
		packed := &anypb.Any{}
		if err := protojson.Unmarshal(filter.Config, packed); err != nil {
			t.Fatal(err)
		}
		message, err := packed.UnmarshalNew()
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, message)
	}
	if len(seen) != 3 {
		t.Fatalf("there are %d filters", len(seen))
	}
	verifier, first := seen[0].(*jwtv3.JwtAuthentication)
	asker, second := seen[1].(*extauthzv3.ExtAuthz)
	_, last := seen[2].(*routerv3.Router)
	if !first || !second || !last || verifier.ValidateAll() != nil || asker.ValidateAll() != nil {
		t.Fatalf("got %v", seen)
	}
	if asker.GetFailureModeAllow() || asker.GetMetadataContextNamespaces()[0] != verified || verifier.GetProviders()["dex"].GetPayloadInMetadata() != documented.subject.Payload {
		t.Errorf("got %v", seen)
	}
}
