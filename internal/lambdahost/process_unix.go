//go:build unix

package lambdahost

import (
	"os"
	"os/exec"
	"syscall"
)

// ownGroup starts a program in a process group of its own: an interrupt from the
// terminal is not for it, and what it starts ends with it.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup kills a process and those that it has started.
func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) } // there may be none left

// terminate asks a process to end.
func terminate(p *os.Process) { _ = p.Signal(syscall.SIGTERM) } // it may have ended

// readAvailable reads what is in the pipe, and does not wait for more.
func readAvailable(pipe *os.File, buf []byte, take func([]byte)) {
	raw, err := pipe.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Read(func(fd uintptr) bool {
		for {
			n, err := syscall.Read(int(fd), buf)
			if n <= 0 || err != nil {
				return true
			}
			take(buf[:n])
		}
	})
}
