package limits

import "golang.org/x/sys/unix"

// pread reads a control file from its beginning. The kernel makes the content up at each such read.
func pread(fd int, b []byte) (int, error) {
	for {
		n, err := unix.Pread(fd, b, 0)
		if err != unix.EINTR {
			return n, err
		}
	}
}

// pwrite gives a control file one command. Setting a version 1 memory limit is interrupted by any signal,
// and Go's scheduler sends itself many.
func pwrite(fd int, b []byte) error {
	for {
		_, err := unix.Pwrite(fd, b, 0)
		if err != unix.EINTR {
			return err
		}
	}
}
