package extauthz

import (
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
)

// verified is where Envoy's jwt_authn filter leaves the claims of a token that it has verified. No client can write there.
const verified = "envoy.filters.http.jwt_authn"

const claimEmail = "email"

// subject says which claim names who asks.
type subject struct {
	// Payload is the provider's payload_in_metadata.
	Payload string `json:"payload"`
	// Claim is the name of the claim: sub when it is empty.
	Claim string `json:"claim"`
}

// of returns who asks; empty: nobody who has been verified.
func (s *subject) of(metadata *corev3.Metadata) string {
	claims := metadata.GetFilterMetadata()[verified].GetFields()[s.Payload].GetStructValue().GetFields()
	if s.Claim == claimEmail && !claims["email_verified"].GetBoolValue() {
		return "" // whoever enters an address at an issuer is not its owner yet
	}
	id := claims[s.Claim].GetStringValue()
	if !plain(id) {
		return ""
	}
	return id
}
