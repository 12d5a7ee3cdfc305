package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/log/zap"
)

// lines is how many of a number of lines that are alike a logger writes, with as many below its level.
func lines(t *testing.T, n int, more ...zap.Opts) int {
	var out bytes.Buffer
	log, err := newLogger("info", append(more, zap.WriteTo(&out))...)
	if err != nil {
		t.Fatal(err)
	}
	log = log.WithName("decisions")
	for range n {
		log.Info("Decision")
		log.V(1).Info("Debugging")
	}
	return bytes.Count(out.Bytes(), []byte("\n"))
}

func TestAnAuditLeavesOutNoLine(t *testing.T) {
	if got := lines(t, 5000, everyLine); got != 5000 {
		t.Errorf("%d of 5000 lines", got)
	}
}

func BenchmarkLine(b *testing.B) {
	file, err := os.Create(filepath.Join(b.TempDir(), "log"))
	if err != nil {
		b.Fatal(err)
	}
	for name, out := range map[string]io.Writer{"to a file": file, "to nowhere": io.Discard} {
		for kind, more := range map[string][]zap.Opts{"every line": {everyLine}, "a hundredth": nil} {
			log, err := newLogger("info", append(more, zap.WriteTo(out))...)
			if err != nil {
				b.Fatal(err)
			}
			b.Run(kind+" "+name, func(b *testing.B) {
				for b.Loop() {
					log.Info("Decision", "decision", "deny", "reason", "NoGrant", "caller", "system:serviceaccount:acme:frontend",
						"subjectType", "user", "subject", "ana@acme.example", "action", "read", "resourceType", "orders", "resource", "7",
						"revision", "123456")
				}
			})
		}
	}
}
