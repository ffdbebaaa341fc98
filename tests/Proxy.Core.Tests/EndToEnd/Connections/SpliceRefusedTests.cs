using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Connections;
using Proxy.Connections.Linux;
using Proxy.Diagnostics;
using Proxy.Timing;
using Cpu = System.Runtime.InteropServices.Architecture;

namespace Proxy.Core.Tests.EndToEnd.Connections;

/// <summary>A container's seccomp profile may refuse what the kernel could do.</summary>
public sealed class SpliceRefusedTests
{
    [Theory]
    [InlineData(1)] // EPERM
    [InlineData(38)] // ENOSYS
    public async Task Run_BulkOnALoopThatMayNotSplice_CopiedWhole(int errno)
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture is not (Cpu.X64 or Cpu.Arm64))
        {
            return;
        }

        using var loops = new EventLoopGroup(1, null, NullLogger.Instance);
        var refusal = new Refusal(errno);
        loops.Loops[0].Post(refusal); // a filter is a thread's own
        await refusal.Installed.WaitAsync(Eventually.Limit);
        using var clock = new DeadlineClock(TimeProvider.System);
        var factory = new EpollTransportFactory(new EpollDependencies(loops, new BufferPool()));
        var (client, accepted) = await Loopback.ConnectAsync(factory);
        var (upstream, dialed) = await Loopback.ConnectAsync(factory);
        var record = new ConnectionRecord(accepted, "", "", TimeProvider.System);
        var relay = new Relay(clock).RunAsync(accepted, dialed, new RelayOptions(), record).AsTask();
        var payload = new byte[5_000_000];
        Random.Shared.NextBytes(payload);

        var sending = client.SendAsync(payload).ContinueWith(_ => client.Shutdown(SocketShutdown.Send), TaskScheduler.Default);
        var (received, _) = await upstream.ReadToEndAsync();
        await sending;
        upstream.Shutdown(SocketShutdown.Send);

        Assert.Equal(payload, received);
        Assert.Equal(ConnectionOutcome.Completed, await relay.WaitAsync(Eventually.Limit));
        Assert.False(loops.Loops[0].Pipes.IsSpliceAllowed);
        client.Dispose();
        upstream.Dispose();
        await accepted.DisposeAsync();
        await dialed.DisposeAsync();
    }

    /// <summary>Refuses splice(2) to the thread it runs on, by a seccomp filter.</summary>
    private sealed partial class Refusal(int errno) : IThreadPoolWorkItem
    {
        private const int SetNoNewPrivileges = 38;
        private const int SetSeccomp = 22;
        private const int ModeFilter = 2;
        private readonly TaskCompletionSource _installed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Installed => _installed.Task;

        public void Execute()
        {
            var splice = RuntimeInformation.ProcessArchitecture == Cpu.X64 ? 275u : 76u;
            Filter[] filters =
            [
                new(0x20, 0, 0, 0), // load the number of the call
                new(0x15, 0, 1, splice), // if it is splice …
                new(0x06, 0, 0, 0x0005_0000u | (uint)errno), // … fail so
                new(0x06, 0, 0, 0x7fff_0000), // else go on
            ];
            var pinned = GCHandle.Alloc(filters, GCHandleType.Pinned);
            try
            {
                var program = new Program { Length = (ushort)filters.Length, Filters = pinned.AddrOfPinnedObject() };
                if (Control(SetNoNewPrivileges, 1, 0) != 0 || ControlProgram(SetSeccomp, ModeFilter, ref program) != 0)
                {
                    _installed.SetException(new InvalidOperationException("No seccomp here."));
                    return;
                }

                _installed.SetResult();
            }
            finally
            {
                pinned.Free();
            }
        }

        [DllImport("libc", EntryPoint = "prctl")]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int Control(int option, nint first, nint second, nint third = 0, nint fourth = 0);

        [DllImport("libc", EntryPoint = "prctl")]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int ControlProgram(int option, nint mode, ref Program program, nint third = 0, nint fourth = 0);

        [StructLayout(LayoutKind.Sequential)]
        private readonly record struct Filter(ushort Code, byte True, byte False, uint Value);

        [StructLayout(LayoutKind.Sequential)]
        private struct Program
        {
            public ushort Length;
            public nint Filters;
        }
    }
}
