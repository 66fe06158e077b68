// Publishes what is missing, holds the escrow, and follows the tasks.
import ArgumentParser
import Chain
import Cryptography
import Execution
import Foundation
import Ledger
import Primitives
import ProgramRules
import RPC
import Rewards

struct JobSubmitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit", abstract: "Submit a job and hold the escrow of its tasks.",
        discussion: """
            PROGRAM is a .wasm file or the digest of a published one. What the chain does not have yet is published
            first; an input of at most 64 KiB travels in the job itself. Limits default to what `merit job estimate`
            suggests, for which task 0 is run here.

              merit job submit montecarlo.wasm --input option.bin --tasks 8 --key ~/.merit/keys/account.json \\
                --node http://127.0.0.1:26657 --wait
              merit job submit picture.png --engine upscale-2 --replicas 5 --tasks 1 --fuel 5000000000 \\
                --key ~/.merit/keys/account.json --node http://127.0.0.1:26657 --wait

            \(PanelOptions.advice)
            """)

    @Argument(help: "The .wasm file (of class Q: the input file), or 64 hex digits.") var program: String
    @OptionGroup var panel: PanelOptions
    @OptionGroup var input: JobInput
    @Option(help: "Tasks of the job.") var tasks: UInt32
    @Option(help: ArgumentHelp("Price of a compute unit; default: the floor price.", valueName: "nMRT"))
    var bid: UInt64?
    @Option(help: "Fuel that a task may use; of class Q what is paid for, by default 100000000.") var fuel: UInt64?
    @Option(help: "Bytes of output that a task may give.") var outputBytes: UInt32?
    @Option(help: "Compute units that a task may cost.") var computeUnits: UInt64?
    @Option(help: ArgumentHelp("Rate of audits to prepay for; 0 leaves it to the chain.", valueName: "ppm"))
    var assurance: UInt64 = 0
    @Flag(help: "Pay with credits (`merit credits buy`) instead of MRT.") var credits = false
    @Flag(help: "Show the tasks until all have receipts or can have none.") var wait = false
    @Option(help: ArgumentHelp("How long --wait waits.", valueName: "seconds")) var timeout: UInt32 = 600
    @OptionGroup var account: AccountOptions
    @OptionGroup var options: NodeOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...JobLimits.tasksMax).contains(tasks) else {
            throw ValidationError("--tasks is 1 to \(JobLimits.tasksMax)")
        }
        if panel.isPanel, assurance > 0 {
            throw ValidationError("--assurance is for class D: validators do not audit what a panel judges")
        }
    }

    func run() throws {
        let key = try account.signer()
        let (program, known) = try locateProgram()
        let content = try input.load()
        let limits = try limits(program, content.joined)
        let price = try bid ?? options.floorPrice(panel.resource)
        if known == nil { try publish(kind, program, by: key) }
        let (digest, own) = try place(content, by: key)
        let request = SubmitJob(
            program: Hash.sha256(program), input: (digest, own), tasks: tasks, limits: limits,
            price: JobPrice(
                bid: price, resource: panel.resource.rawValue, engineID: panel.engineID, assurance: assurance,
                paysCredits: credits, replicas: panel.count))
        let holders = panel.isPanel ? try SlotHolders(of: panel.engineID, options) : nil
        if let warning = holders?.warning { note(warning) }
        let sequence = try options.perform(.submitJob(request), by: key)
        let id = request.id(sender: key.address, sequence: sequence)
        note("job \(id)")
        let view = wait ? try follow(id) : try JobView(id, options)
        output.answer(
            "job.submit",
            [
                "id": .hex(id), "program": .hex(request.program), "requester": .string(key.address.bech32),
                "limits": limits.answer, "bid": .decimal(price), "job": view.job,
                "ended": .bool(view.hasEnded), "largest_holder": holders?.answer ?? .null,
            ],
            ["\(id)", view.line, "next: merit job output \(id) --node \(options.node)"])
        if wait, view.done < view.end { throw ExitCode(view.hasEnded ? 1 : 4) }
    }

    /// What the first argument is published as.
    private var kind: BlobKind { panel.isPanel ? .input : .program }

    /// The program's bytes, or those of the panel's input, and their record when the chain has it.
    private func locateProgram() throws -> (Bytes, BlobRecord?) {
        if let digest = Digest(hex: program), !FileManager.default.fileExists(atPath: program) {
            let record: BlobRecord? = try options.record(StateKey.blob(kind, digest))
            guard record != nil else {
                Merit.leave("\(kind.label) \(digest) is not published on this chain; give its file instead", 1)
            }
            return (try options.blob(digest), record)
        }
        let bytes = try ProgramFile.load(program)
        if panel.isPanel { return (checked(bytes), try options.record(StateKey.blob(kind, Hash.sha256(bytes)))) }
        do { _ = try ProgramScan.check(bytes) } catch {
            Merit.leave("\(program) is refused: \(error); see `merit program check`", 3)
        }
        return (bytes, try options.record(StateKey.blob(.program, Hash.sha256(bytes))))
    }

    private func checked(_ bytes: Bytes) -> Bytes {
        guard (1...JobLimits.blobBytesMax).contains(bytes.count) else {
            Merit.leave("\(program) has \(bytes.count) bytes; an input has 1 to \(JobLimits.blobBytesMax), split it", 1)
        }
        return bytes
    }

    private func limits(_ program: Bytes, _ bytes: Bytes) throws -> TaskLimits {
        if panel.isPanel {
            return PanelOptions.limits(
                fuel: fuel, outputBytes: outputBytes, computeUnits: computeUnits, inputBytes: bytes.count)
        }
        if let fuel, let outputBytes, let computeUnits {
            return TaskLimits(fuel: fuel, outputBytes: outputBytes, computeUnits: computeUnits)
        }
        note("running task 0 here to find its limits")
        let estimate = TaskEstimate.measure(program: program, input: bytes, fuel: fuel ?? 10_000_000_000)
        let found = TaskEstimate.limits(
            fuel: fuel ?? estimate.limits.fuel, outputBytes: outputBytes ?? estimate.limits.outputBytes,
            pages: estimate.run.peakPages, inputBytes: bytes.count)
        return TaskLimits(
            fuel: found.fuel, outputBytes: found.outputBytes, computeUnits: computeUnits ?? found.computeUnits)
    }

    /// A published input by its digest; a small one that is not published travels along.
    private func place(_ content: JobInput.Content, by key: SigningKey) throws -> (Digest?, Bytes) {
        let bytes = content.blob
        if bytes.isEmpty { return (nil, content.own) }
        let digest = Hash.sha256(bytes)
        if try options.record(StateKey.blob(.input, digest), as: BlobRecord.self) != nil {
            return (digest, content.own)
        }
        if bytes.count <= JobLimits.jobBytesMax && !content.isPublished { return (nil, bytes) }
        guard bytes.count <= JobLimits.blobBytesMax else {
            Merit.leave("the input has \(bytes.count) bytes, at most \(JobLimits.blobBytesMax) are taken; split it", 1)
        }
        try publish(.input, bytes, by: key)
        return (digest, content.own)
    }

    private func publish(_ kind: BlobKind, _ bytes: Bytes, by key: SigningKey) throws {
        note("publishing the \(kind.label), \(bytes.count) bytes")
        _ = try options.perform(.publish(Publish(kind: kind, bytes: bytes)), by: key)
    }

    private func follow(_ id: Digest) throws -> JobView {
        let deadline = Date().addingTimeInterval(Double(timeout))
        let blocks = BlockPause(try options.url())
        var last = ""
        while true {
            let view = try JobView(id, options)
            if view.line != last { note(view.line) }
            last = view.line
            if view.hasEnded || Date() >= deadline { return view }
            blocks.wait()
        }
    }

    /// Progress goes to standard error.
    private func note(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }
}

extension NodeOptions {
    /// Published bytes, checked by their digest.
    func blob(_ digest: Digest) throws -> Bytes {
        let bytes = try ask("blob", ["digest": .hex(digest)]).base64("bytes")
        guard Hash.sha256(bytes) == digest else {
            Merit.leave("\(node): the bytes of \(digest) have another digest", 3)
        }
        return bytes
    }
}
