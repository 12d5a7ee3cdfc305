package certificates_test

import (
	"io"
	"net"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// door stands where the API server looks for the webhooks, and leads to one address or another. It can be shut, and whoever
// goes through has to come again when it is set anew.
type door struct {
	listener net.Listener
	lock     sync.Mutex
	to       string // empty: shut
	open     []net.Conn
}

func newDoor(at string) *door {
	listener, err := net.Listen("tcp", at)
	ExpectWithOffset(1, err).NotTo(HaveOccurred())
	d := &door{listener: listener}
	go d.serve()
	DeferCleanup(func() {
		d.lead("")
		Expect(listener.Close()).To(Succeed())
	})
	return d
}

// lead lets the door lead to an address from now on, and breaks every connection.
func (d *door) lead(to string) {
	d.lock.Lock()
	defer d.lock.Unlock()
	d.to = to
	for _, connection := range d.open {
		_ = connection.Close() // it may be closed by now
	}
	d.open = nil
}

func (d *door) serve() {
	for {
		in, err := d.listener.Accept()
		if err != nil {
			return
		}
		d.admit(in)
	}
}

func (d *door) admit(in net.Conn) {
	d.lock.Lock()
	defer d.lock.Unlock()
	out, err := net.Dial("tcp", d.to)
	if err != nil {
		_ = in.Close() // shut, or nobody is there
		return
	}
	d.open = append(d.open, in, out)
	for _, way := range [][2]net.Conn{{in, out}, {out, in}} {
		go func() {
			_, _ = io.Copy(way[0], way[1]) // ends when either side does
			_, _ = way[0].Close(), way[1].Close()
		}()
	}
}
