package main

import (
	"fmt"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/roster-dev/roster/internal/mail"
)

func mailTemplatesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "mail-templates [DIRECTORY]",
		Short: "Check the mail templates in a directory, and print those that mails are then written with",
		Long: "Prints the mail templates as a ConfigMap: the built-in ones, or those in the directory and built-in ones " +
			"for the rest. Templates that Roster would not take are an error that names file and line.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			dir := ""
			if len(args) > 0 {
				dir = args[0]
			}
			templates, err := mail.NewTemplates(dir)
			if err != nil {
				return err
			}
			out, err := yaml.Marshal(&corev1.ConfigMap{
				TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
				ObjectMeta: metav1.ObjectMeta{Name: "roster-mail-templates", Namespace: "roster-system"},
				Data:       templates.Sources(),
			})
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(command.OutOrStdout(), string(out))
			return err
		},
	}
}
