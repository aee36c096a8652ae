// The accessbridge command bridges Teleport Access Requests with the tools people already use.
package main

import (
	"os"

	"github.com/accessbridge/accessbridge/internal/cli"
)

func main() {
	os.Exit(cli.Main())
}
