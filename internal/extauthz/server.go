package extauthz

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"github.com/go-logr/logr"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/roster-dev/roster/internal/decision"
)

// Limits of what Envoy sends.
const (
	maxMessage     = 1 << 20
	maxHeaders     = 64 << 10
	maxCalls       = 1000 // at a time over one connection; Envoy opens another
	minPing        = 10 * time.Second
	handshakeGrace = 10 * time.Second
	stopGrace      = 5 * time.Second
)

// Decisions is the decision service.
type Decisions interface {
	// Ask answers a question of the caller whom the request shows, at the request's path.
	Ask(r *http.Request, q *decision.Question) decision.Answer
	// Ready fails while there is nothing to answer from.
	Ready(r *http.Request) error
}

// New makes a server; without a TLS configuration, one in the clear.
func New(decisions Decisions, table *Table, secure *tls.Config, log logr.Logger) *grpc.Server {
	protection := insecure.NewCredentials()
	if secure != nil {
		protection = credentials.NewTLS(secure)
	}
	server := grpc.NewServer(
		grpc.Creds(protection), grpc.ConnectionTimeout(handshakeGrace), grpc.MaxConcurrentStreams(maxCalls),
		grpc.MaxRecvMsgSize(maxMessage), grpc.MaxHeaderListSize(maxHeaders),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: minPing, PermitWithoutStream: true}),
	)
	authv3.RegisterAuthorizationServer(server, &authorization{decisions: decisions, table: table, log: log})
	grpc_health_v1.RegisterHealthServer(server, &health{decisions: decisions})
	return server
}

// Serve serves until the context ends, and lets calls that are under way come to their end.
func Serve(ctx context.Context, server *grpc.Server, listener net.Listener) error {
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("ext_authz is no longer served: %w", err)
	case <-ctx.Done():
	}
	late := time.AfterFunc(stopGrace, server.Stop)
	defer late.Stop()
	server.GracefulStop()
	return nil
}

type authorization struct {
	authv3.UnimplementedAuthorizationServer
	decisions Decisions
	table     *Table
	log       logr.Logger
}

// Check answers whether a request may pass. It returns no error: what Envoy makes of one is a matter of its settings.
func (a *authorization) Check(ctx context.Context, request *authv3.CheckRequest) (response *authv3.CheckResponse, _ error) {
	defer func() {
		if reason := recover(); reason != nil { // gRPC would let it end the program
			a.log.Error(fmt.Errorf("%v", reason), "A request of Envoy could not be answered")
			response = respond(&decision.Answer{Status: http.StatusInternalServerError})
		}
	}()
	answer := a.decisions.Ask(callerOf(ctx), a.table.question(request.GetAttributes()))
	return respond(&answer), nil
}

// callerOf shows Envoy as the endpoints' callers are seen. Envoy waits for a fraction of a second: what is found out about
// it meanwhile is not lost when it gives up.
func callerOf(ctx context.Context) *http.Request {
	r := &http.Request{Method: http.MethodPost, URL: &url.URL{Path: authv3.Authorization_Check_FullMethodName}, Header: http.Header{}}
	// Of several credentials, which one counts is nobody's to choose.
	if sent := metadata.ValueFromIncomingContext(ctx, "authorization"); len(sent) == 1 {
		r.Header.Set("Authorization", sent[0])
	} else if len(sent) > 1 {
		r.Header.Set("Authorization", "several")
	}
	if from, ok := peer.FromContext(ctx); ok {
		if secured, ok := from.AuthInfo.(credentials.TLSInfo); ok {
			r.TLS = &secured.State
		}
	}
	return r.WithContext(context.WithoutCancel(ctx))
}

// respond tells Envoy what to do. What coming back may change is 503, any other no is 403.
func respond(answer *decision.Answer) *authv3.CheckResponse {
	switch {
	case answer.Status == http.StatusOK && answer.Allowed:
		return &authv3.CheckResponse{
			Status:       &rpcstatus.Status{Code: int32(codes.OK)},
			HttpResponse: &authv3.CheckResponse_OkResponse{OkResponse: &authv3.OkHttpResponse{}},
		}
	case answer.Status == http.StatusOK:
		return denied(codes.PermissionDenied, answer.Message, answer.Body)
	case answer.Status == http.StatusUnauthorized:
		return denied(codes.Unauthenticated, answer.Message, undecided(http.StatusForbidden))
	case answer.Status < http.StatusInternalServerError && answer.Status != http.StatusTooManyRequests:
		return denied(codes.PermissionDenied, answer.Message, undecided(http.StatusForbidden))
	default:
		return denied(codes.Unavailable, answer.Message, undecided(http.StatusServiceUnavailable))
	}
}

// undecided is the body where there is no decision. The client does not hear what is wrong between Envoy and the service.
func undecided(status int) []byte {
	body := map[string]any{"decision": false, "context": map[string]any{"error": map[string]any{"status": status, "message": http.StatusText(status)}}}
	encoded, _ := json.Marshal(body) //nolint:errcheck // there is nothing in it that JSON does not have
	return encoded
}

func denied(code codes.Code, message string, body []byte) *authv3.CheckResponse {
	status := typev3.StatusCode_Forbidden
	headers := []*corev3.HeaderValueOption{header("content-type", "application/json"), header("cache-control", "no-store")}
	if code == codes.Unavailable {
		status, headers = typev3.StatusCode_ServiceUnavailable, append(headers, header("retry-after", "1"))
	}
	return &authv3.CheckResponse{
		Status: &rpcstatus.Status{Code: int32(code), Message: message},
		HttpResponse: &authv3.CheckResponse_DeniedResponse{DeniedResponse: &authv3.DeniedHttpResponse{
			Status: &typev3.HttpStatus{Code: status}, Headers: headers, Body: string(body),
		}},
	}
}

func header(name, content string) *corev3.HeaderValueOption {
	return &corev3.HeaderValueOption{
		Header:       &corev3.HeaderValue{Key: name, Value: content},
		AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
	}
}

type health struct {
	grpc_health_v1.UnimplementedHealthServer
	decisions Decisions
}

// Check says whether the service can answer.
func (h *health) Check(context.Context, *grpc_health_v1.HealthCheckRequest) (*grpc_health_v1.HealthCheckResponse, error) {
	status := grpc_health_v1.HealthCheckResponse_SERVING
	if h.decisions.Ready(nil) != nil {
		status = grpc_health_v1.HealthCheckResponse_NOT_SERVING
	}
	return &grpc_health_v1.HealthCheckResponse{Status: status}, nil
}
