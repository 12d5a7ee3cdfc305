package main

import (
	"fmt"

	"github.com/go-logr/logr"
	uber "go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
)

func setLogger(level string, more ...zap.Opts) error {
	log, err := newLogger(level, more...)
	if err != nil {
		return err
	}
	ctrl.SetLogger(log)
	return nil
}

// newLogger makes one that, of lines with the same message, writes a hundred a second and then every hundredth.
func newLogger(level string, more ...zap.Opts) (logr.Logger, error) {
	parsed, err := zapcore.ParseLevel(level)
	if err != nil {
		return logr.Logger{}, fmt.Errorf("--log-level %q is none of debug, info, error", level)
	}
	// What went wrong is said in the message; where in the code helps only who debugs Roster itself.
	return zap.New(append([]zap.Opts{zap.Level(parsed), zap.StacktraceLevel(zapcore.DPanicLevel)}, more...)...), nil
}

// everyLine lets a logger write each of its lines: an audit has no use for a hundredth. Lines are left out only above
// level -2, so that is what the logger is made for, and the level that was asked for is put before it.
func everyLine(o *zap.Options) {
	o.ZapOpts = append(o.ZapOpts, uber.IncreaseLevel(o.Level))
	zap.Level(zapcore.Level(-2))(o)
}
