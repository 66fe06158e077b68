// A child for the tests of ExecutorProcess: the real loop, and three children that misbehave.

import Execution
import Glibc

switch CommandLine.arguments.dropFirst().first {
case "serve": ExecutorChild.serve()
case "exit": exit(3)
case "hang": while true { pause() }
case "garbage":
    // Four bytes of length, then a tag that does not exist.
    var frame: [UInt8] = [1, 0, 0, 0, 99]
    write(STDOUT_FILENO, &frame, frame.count)
    while true { pause() }
case "flood":
    var frame: [UInt8] = [255, 255, 255, 127]
    write(STDOUT_FILENO, &frame, frame.count)
    while true { pause() }
default: exit(2)
}
