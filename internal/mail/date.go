package mail

import (
	"fmt"
	"strconv"
	"time"
)

var (
	monthsGerman  = [...]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"}
	monthsFrench  = [...]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"}
	monthsSpanish = [...]string{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"}
)

func dateEnglish(t time.Time) string { return t.Format("2 January 2006, 15:04 MST") }

func dateGerman(t time.Time) string {
	return fmt.Sprintf("%d. %s %s", t.Day(), monthsGerman[t.Month()-1], t.Format("2006, 15:04 Uhr MST"))
}

func dateFrench(t time.Time) string {
	day := strconv.Itoa(t.Day())
	if t.Day() == 1 {
		day = "1er"
	}
	return fmt.Sprintf("%s %s %s", day, monthsFrench[t.Month()-1], t.Format("2006 à 15:04 MST"))
}

func dateSpanish(t time.Time) string {
	return fmt.Sprintf("%d de %s de %s", t.Day(), monthsSpanish[t.Month()-1], t.Format("2006, 15:04 MST"))
}
