// Package extauthz answers Envoy's external authorization filter, over gRPC (envoy.service.auth.v3).
//
// A Table says which question a request asks: method, host and path of the request lead to a route, and the route to
// tenant, action and resource. Who asks it comes from the claims that Envoy has verified, and from nowhere else. The
// question is put to the decision service, which treats Envoy as it does any other caller.
//
// Whatever is in doubt is a denial: a request that the application behind Envoy may read otherwise than this package, one
// that has no route, one without a verified subject. A denial is a response and not an error of the call, so that it
// holds whatever Envoy is told to do about errors.
package extauthz
