package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// target is how many times slower than Roster cedar-go has to be.
const target = 10

type report struct {
	Machine  string     `json:"machine"`
	Sections []*section `json:"sections"`
}

// section is one world.
type section struct {
	Tenants   int   `json:"tenants"`
	Users     int   `json:"users"`
	Questions int   `json:"questions"` // each was answered rightly by every peer
	Rows      []row `json:"rows"`
}

type row struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	figures
	HeapPerUser float64 `json:"heapPerUser"` // bytes
	// TimesRoster is how many times as long as Roster's a decision takes.
	TimesRoster float64 `json:"timesRoster"`
}

func newSection(w *world, questions int, list []*running, found []figures) *section {
	s := &section{Tenants: len(w.tenants), Questions: questions}
	for _, t := range w.tenants {
		s.Users += len(t.users)
	}
	for n, r := range list {
		s.Rows = append(s.Rows, row{
			Name: r.name, Version: versionOf(r.module), figures: found[n],
			HeapPerUser: float64(r.heap) / float64(s.Users), TimesRoster: found[n].Nanoseconds / found[0].Nanoseconds,
		})
	}
	return s
}

func (r *report) print(out io.Writer) error {
	fmt.Fprintln(out, r.Machine)
	for _, s := range r.Sections {
		fmt.Fprintf(out, "\n%d tenants, %d users; %d questions, half of them allowed, all answered rightly by all\n", s.Tenants, s.Users, s.Questions)
		table := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(table, "engine\tversion\tns/decision\tdecisions/s\tallocations\tbytes\theap a user\ttimes Roster")
		for _, row := range s.Rows {
			fmt.Fprintf(table, "%s\t%s\t%.0f\t%.0f\t%.1f\t%.0f\t%.0f B\t%.1f%s\n", row.Name, row.Version, row.Nanoseconds,
				row.PerSecond, row.Allocations, row.Bytes, row.HeapPerUser, row.TimesRoster, row.verdict())
		}
		if err := table.Flush(); err != nil {
			return err
		}
	}
	return nil
}

func (r row) verdict() string {
	switch {
	case r.Name != cedarName:
		return ""
	case r.TimesRoster >= target:
		return fmt.Sprintf(" (target %d: reached)", target)
	default:
		return fmt.Sprintf(" (target %d: missed)", target)
	}
}
