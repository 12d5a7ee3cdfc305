package mail

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxTemplateBytes is the longest template; built-in ones have less than two thousand.
const maxTemplateBytes = 64 << 10

// readDirectory reads the templates of a directory, which may be a mounted ConfigMap; none without a name.
func readDirectory(dir string) (map[string]string, error) {
	if dir == "" {
		return nil, nil
	}
	// A ConfigMap is mounted as links to files behind one link, which is replaced when it changes: what is
	// read behind that link is of one version.
	if version, err := filepath.EvalSymlinks(filepath.Join(dir, "..data")); err == nil {
		dir = version
	}
	out, err := readFiles(os.DirFS(dir))
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok && pathErr.Path == "." {
		return nil, fmt.Errorf("the directory %s cannot be read: %w", dir, pathErr.Err)
	}
	return out, err
}

func readFiles(files fs.FS) (map[string]string, error) {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, err
	}
	out, known := map[string]string{}, fileNames()
	var problems []error
	for _, entry := range entries {
		name := entry.Name()
		switch {
		case strings.HasPrefix(name, ".."): // what a mounted ConfigMap consists of
		case !slices.Contains(known, name):
			problems = append(problems, fmt.Errorf("%s: no template has this name: write %s, or KIND.LANGUAGE.PART with %s", name, frameName, nameParts()))
		default:
			content, err := readFile(files, name)
			out[name] = content
			problems = append(problems, err)
		}
	}
	return out, errors.Join(problems...)
}

func readFile(files fs.FS, name string) (string, error) {
	file, err := files.Open(name)
	if err != nil {
		return "", fmt.Errorf("%s: cannot be read: %w", name, err)
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxTemplateBytes+1))
	if err != nil {
		return "", fmt.Errorf("%s: cannot be read: %w", name, err)
	}
	if len(content) > maxTemplateBytes {
		return "", fmt.Errorf("%s: the file is longer than %d bytes: write less", name, maxTemplateBytes)
	}
	return string(content), nil
}

// nameParts says of what the names of templates are made.
func nameParts() string {
	var kindNames, tags []string
	for _, kind := range kinds {
		kindNames = append(kindNames, string(kind))
	}
	for _, l := range languages {
		tags = append(tags, l.tag)
	}
	return fmt.Sprintf("KIND %s, LANGUAGE %s, PART %s", strings.Join(kindNames, " or "), strings.Join(tags, " or "),
		strings.Join([]string{partSubject, partText, partHTML}, " or "))
}
