package demo

import (
	"fmt"
	"os/exec"
	"runtime"
)

// openBrowser opens a page in the browser of this machine.
func openBrowser(url string) error {
	words := browserCommand(runtime.GOOS, url)
	command := exec.Command(words[0], words[1:]...)
	if err := command.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", words[0], err)
	}
	go command.Wait()
	return nil
}

// browserCommand is the command that opens a page on an operating system.
func browserCommand(goos, url string) []string {
	switch goos {
	case "darwin":
		return []string{"open", url}
	case "windows":
		return []string{"rundll32", "url.dll,FileProtocolHandler", url}
	}
	return []string{"xdg-open", url}
}
