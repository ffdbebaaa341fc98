using System.ComponentModel;
using System.Runtime.CompilerServices;
using Proxy.Native;

namespace Proxy.Hooks.Processes;

/// <summary>
/// Starts a process in a session of its own, waits for its end, and reaps it. .NET reaps only processes that its own Process class has
/// started.
/// </summary>
internal static unsafe class Spawner
{
    /// <param name="command">The command.</param>
    /// <param name="streams">The descriptors that become standard input, output and error.</param>
    /// <returns>The id of the process, which is also that of its session and group.</returns>
    /// <exception cref="Win32Exception">The program does not exist, or may not be executed.</exception>
    public static int Start(ChildCommand command, params ReadOnlySpan<int> streams)
    {
        var attributes = stackalloc byte[PosixSpawn.ObjectBytes];
        var actions = stackalloc byte[PosixSpawn.ObjectBytes];
        Require(PosixSpawn.InitAttributes(attributes));
        Require(PosixSpawn.InitActions(actions));
        try
        {
            SetAttributes(attributes);
            for (var number = 0; number < streams.Length; number++)
            {
                Require(PosixSpawn.AddDuplicate(actions, streams[number], number));
            }

            using var arguments = new NativeStrings(command.Command);
            using var environment = new NativeStrings(EnvironmentOf(command));
            var id = 0;
            Require(PosixSpawn.Spawn(&id, *arguments.Pointers, actions, attributes, arguments.Pointers, environment.Pointers));
            return id;
        }
        finally
        {
            _ = PosixSpawn.DestroyActions(actions);
            _ = PosixSpawn.DestroyAttributes(attributes);
        }
    }

    /// <summary>Blocks until the process has ended, without reaping it.</summary>
    /// <returns>The exit code, 128 plus the number of the signal that ended it, or -1 if it is not known.</returns>
    public static int WaitForEnd(int id)
    {
        var info = stackalloc byte[PosixSpawn.SignalInfoBytes];
        while (PosixSpawn.WaitId(PosixSpawn.ById, id, info, PosixSpawn.WaitExited | PosixSpawn.WaitKeep) < 0)
        {
            if (Errno.Last != Errno.Interrupted)
            {
                return -1; // SIGCHLD is ignored, so the kernel has not kept the exit code
            }
        }

        var status = Unsafe.ReadUnaligned<int>(info + PosixSpawn.SignalInfoStatus);
        var exited = Unsafe.ReadUnaligned<int>(info + PosixSpawn.SignalInfoCode) == PosixSpawn.CodeExited;
        return exited ? status : 128 + status;
    }

    public static void Reap(int id)
    {
        var status = 0;
        while (PosixSpawn.WaitProcess(id, &status, 0) < 0 && Errno.Last == Errno.Interrupted)
        {
            // It has ended, so this does not block.
        }
    }

    // .NET ignores SIGPIPE, and a thread may block signals; programs expect the defaults.
    private static void SetAttributes(byte* attributes)
    {
        var signals = stackalloc byte[PosixSpawn.SignalSetBytes];
        new Span<byte>(signals, PosixSpawn.SignalSetBytes).Clear();
        Require(PosixSpawn.SetBlockedSignals(attributes, signals));
        for (var signal = 1; signal <= PosixSpawn.LastStandardSignal; signal++)
        {
            if (signal is not (PosixSpawn.SignalKill or PosixSpawn.SignalStop))
            {
                signals[(signal - 1) / 8] |= (byte)(1 << ((signal - 1) % 8));
            }
        }

        Require(PosixSpawn.SetDefaultSignals(attributes, signals));
        const int Flags = PosixSpawn.SetSession | PosixSpawn.SetSignalDefaults | PosixSpawn.SetSignalMask;
        Require(PosixSpawn.SetFlags(attributes, Flags));
    }

    private static IEnumerable<string> EnvironmentOf(ChildCommand command) =>
        command.AllVariables().Select(static variable => $"{variable.Key}={variable.Value.Replace('\0', ' ')}");

    private static void Require(int error)
    {
        if (error != 0)
        {
            throw new Win32Exception(error);
        }
    }
}
