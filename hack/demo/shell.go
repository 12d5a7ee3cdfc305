package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/roster-dev/roster/test/env"
)

// patience is how long any one thing may take.
const patience = time.Minute

// kubectl runs kubectl as the platform team, showing the command and what it prints.
func (s *stage) kubectl(ctx context.Context, arguments ...string) error {
	fmt.Println("  $ kubectl " + typed(arguments))
	var output bytes.Buffer
	command := s.command(ctx, arguments...)
	command.Stdout, command.Stderr = &output, &output
	err := command.Run()
	for line := range strings.Lines(output.String()) {
		fmt.Print("    ", line)
	}
	if err != nil {
		return fmt.Errorf("kubectl %s: %w", strings.Join(arguments, " "), err)
	}
	return nil
}

// refused runs kubectl, and wants it to fail with the words.
func (s *stage) refused(ctx context.Context, words string, arguments ...string) error {
	fmt.Println("  $ kubectl " + typed(arguments))
	output, err := s.command(ctx, arguments...).CombinedOutput()
	printFolded(strings.TrimSpace(string(output)))
	if err == nil || !strings.Contains(string(output), words) {
		return fmt.Errorf("kubectl %s was not refused with %q", strings.Join(arguments, " "), words)
	}
	return nil
}

// typed are arguments as one types them: what a shell would read otherwise is in quotes.
func typed(arguments []string) string {
	words := slices.Clone(arguments)
	for i, word := range words {
		if strings.ContainsAny(word, "{}\"'\\ ") {
			words[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}

func (s *stage) command(ctx context.Context, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, s.cluster.Tool("kubectl"), arguments...)
	command.Dir = env.Root()
	command.Env = append(os.Environ(), "KUBECONFIG="+s.kubeconfig)
	return command
}

// wait runs the check until it succeeds, and gives up with its last error.
func (s *stage) wait(ctx context.Context, what string, check func() error) error {
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		case exit := <-s.ended:
			return fmt.Errorf("while the demo waited for %s: %w", what, exit)
		case <-deadline.C:
			return fmt.Errorf("waited %s for %s in vain: %w", patience, what, err)
		}
	}
}

// letter is a mail in the mailbox.
type letter struct {
	To      string   `json:"to"`
	Subject string   `json:"subject"`
	Text    string   `json:"text"`
	Links   []string `json:"links"`
}

func (s *stage) letters(ctx context.Context) ([]letter, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+at(s.ports.mailbox)+"/mails.json", nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var out []letter
	return out, json.NewDecoder(response.Body).Decode(&out)
}
