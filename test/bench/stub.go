package main

import (
	"context"
	"io"
)

func (b *bench) convergence(ctx context.Context) error                { return nil }
func (b *bench) interactive(ctx context.Context) error                { return nil }
func (b *bench) compute(ctx context.Context) error                    { return nil }
func (b *bench) memory(ctx context.Context) error                     { return nil }
func runChild(ctx context.Context, in io.Reader, out io.Writer) error { return nil }
