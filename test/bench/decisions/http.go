package main

func overHTTP(*world, bool) ([]figure, error) { return nil, nil }
