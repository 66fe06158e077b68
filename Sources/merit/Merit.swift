// The one program. Each command is a file of its own; what several share is in OutputOptions.
import ArgumentParser
import Foundation
import Node
import Provider
import Storage

@main
struct Merit: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "merit",
        abstract: "A validator node for networks that pay for verified compute.",
        discussion: """
            A first local network of four validators:

              merit testnet --validators 4 --home /tmp/net --base-port 27000
              merit start --home /tmp/net/node0      (and node1, node2, node3 in other terminals)

            A node of your own:

              merit init --home ~/.merit --chain-id merit-1
              cp genesis.json ~/.merit/              (the genesis file of the chain you join)
              merit start --home ~/.merit

            Exit codes: 0 done, 1 a check failed, 2 usage, 3 refused (proof, trust, signing), 4 unreachable or too
            late, 5 disk, 70 our bug.
            """,
        subcommands: [
            InitCommand.self, StartCommand.self, KeysCommand.self, TestnetCommand.self, LocalnetCommand.self,
            TxCommand.self, StakeCommand.self, QueryCommand.self, LightCommand.self, ReplayCommand.self,
            ProgramCommand.self,
            JobCommand.self, AuditCommand.self, DisputeCommand.self, CreditsCommand.self, ProviderCommand.self,
            BenchCommand.self,
            SimulateCommand.self,
            ExecutorChildCommand.self, VersionCommand.self,
        ])

    /// Parses, runs, and turns every error into one line and its exit code.
    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let error as HomeError {
            leave(error.description, error.code.rawValue)
        } catch let error as NodeEnd {
            leave(error.description, error.code.rawValue)
        } catch let error as OutputStoreError {
            leave(error.description, NodeEnd.Code.disk.rawValue)
        } catch let error as StorageError {
            leave(error.description, NodeEnd(error).code.rawValue)
        } catch let code as ExitCode {
            // The command said already what there is to say.
            Foundation.exit(code.rawValue)
        } catch {
            let code = exitCode(for: error)
            if code == .success || code == .failure { exit(withError: error) }
            leave(fullMessage(for: error), NodeEnd.Code.usage.rawValue)
        }
    }

    /// One line on standard error, then the end.
    static func leave(_ line: String, _ code: Int32) -> Never {
        complain(line)
        Foundation.exit(code)
    }

    static func complain(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }
}
