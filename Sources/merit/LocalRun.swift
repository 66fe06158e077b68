// One task in an executor process of this machine: what a provider and an auditor would do.
import Execution
import Primitives

enum LocalRun {
    static var command: ExecutorProcess.Command {
        ExecutorProcess.Command(path: Child.executable, arguments: [ExecutorChildCommand.name])
    }

    static func run(_ request: RunRequest) -> Outcome {
        let child = ExecutorProcess(command)
        defer { child.stop() }
        return child.run(request)
    }
}
