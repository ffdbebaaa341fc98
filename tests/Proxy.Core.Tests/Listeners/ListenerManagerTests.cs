using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Connections;
using Proxy.Connections.Linux;
using Proxy.Connections.Sockets;
using Proxy.Listeners;
using Proxy.Timing;

namespace Proxy.Core.Tests.Listeners;

public sealed class ListenerManagerTests : IDisposable
{
    private static readonly Comparer<EndPoint> _byPort = Comparer<EndPoint>.Create(
        static (x, y) => ((IPEndPoint)x).Port.CompareTo(((IPEndPoint)y).Port)
    );
    private readonly DeadlineClock _clock = new(TimeProvider.System);

    [Fact]
    public async Task Commit_PipelineSwapped_NewConnectionsRunTheNewOne()
    {
        var manager = Create();
        await ApplyAsync(manager, "1", Spec("a", IPAddress.Loopback, 0));
        var address = manager.Bound["a"];

        Assert.Equal("1", await AskAsync(address));
        await ApplyAsync(manager, "2", Spec("a", IPAddress.Loopback, 0));

        Assert.Equal(address, manager.Bound["a"]);
        Assert.Equal("2", await AskAsync(address));
        await manager.StopAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Commit_ConnectionsOfTheOldPipelineStayOpen_ItIsFreed(bool loops)
    {
        using var group = new EventLoopGroup(1, null, NullLogger.Instance);
        var manager =
            loops && OperatingSystem.IsLinux()
                ? Create(new EpollTransportFactory(new EpollDependencies(group, new BufferPool())))
                : Create();
        var accepted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var ending = new TaskCompletionSource();
        var old = await ServeAsync(manager, accepted, ending.Task);
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(manager.Bound["a"]);
        await accepted.Task.WaitAsync(Eventually.Limit);

        await ApplyAsync(manager, "2", Spec("a", IPAddress.Loopback, 0));

        await Eventually.TrueAsync(() =>
        {
            GC.Collect();
            return !old.IsAlive;
        });
        ending.SetResult();
        await manager.StopAsync();
    }

    /// <summary>As an application with a user interface has one, which runs on its thread all that is posted there.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Commit_CallerHasASynchronizationContext_PipelinesRunOutsideOfIt(bool loops)
    {
        using var group = new EventLoopGroup(1, null, NullLogger.Instance);
        var manager =
            loops && OperatingSystem.IsLinux()
                ? Create(new EpollTransportFactory(new EpollDependencies(group, new BufferPool())))
                : Create();
        var found = new ConcurrentQueue<SynchronizationContext?>();
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(new Context());
        try
        {
            await ApplyAsync(manager, Note, Spec("a", IPAddress.Loopback, 0));

            for (var i = 1; i <= 3; i++)
            {
                Assert.True(await Loopback.IsResetAsync(() => ConnectAsync(manager.Bound["a"])));
                Assert.Equal(i, found.Count);
            }

            await manager.StopAsync();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }

        Assert.All(found, static context => Assert.IsNotType<Context>(context));

        Task Note(ConnectionContext connection)
        {
            found.Enqueue(SynchronizationContext.Current);
            connection.Abort();
            return Task.CompletedTask;
        }
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Commit_PipelineCannotBegin_ClientIsResetAndTheNextIsServed(bool loops, bool throws)
    {
        using var group = new EventLoopGroup(1, null, NullLogger.Instance);
        var manager =
            loops && OperatingSystem.IsLinux()
                ? Create(new EpollTransportFactory(new EpollDependencies(group, new BufferPool())))
                : Create();
        await ApplyAsync(
            manager,
            _ => throws ? throw new InvalidOperationException() : Task.FromException(new InvalidOperationException()),
            Spec("a", IPAddress.Loopback, 0)
        );
        var address = manager.Bound["a"];

        Assert.True(await Loopback.IsResetAsync(() => ConnectAsync(address)));

        await ApplyAsync(manager, "2", Spec("a", IPAddress.Loopback, 0));
        Assert.Equal("2", await AskAsync(address));
        await manager.StopAsync();
    }

    [Fact]
    public async Task Bind_PortInUse_NamesItAndClosesWhatWasBound()
    {
        var manager = Create();
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        other.Listen();
        var taken = ((IPEndPoint)other.LocalEndPoint!).Port;

        var exception = await Assert.ThrowsAsync<BindException>(() =>
            manager.BindAsync([Spec("free", IPAddress.Loopback, 0), Spec("taken", IPAddress.Loopback, taken)], default)
        );

        Assert.StartsWith("taken:", exception.Message, StringComparison.Ordinal);
        Assert.Empty(manager.Bound);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.2")]
    public async Task Bind_StrangerSharesItsPort_NotJoined(string address)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var stranger = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        SocketOptions.SetReusePort(stranger, true);
        stranger.Bind(new IPEndPoint(IPAddress.Parse(address), Ports.Free()));
        stranger.Listen();
        var port = stranger.Port();

        // The port of 127.0.0.3 is ours, and is no reason to share another address.
        var exception = await Assert.ThrowsAsync<BindException>(() =>
            Create().BindAsync([Spec("ours", IPAddress.Parse("127.0.0.3"), port), Spec("taken", IPAddress.Parse(address), port)], default)
        );

        Assert.Equal("taken", exception.Key);
        Assert.IsType<AddressInUseException>(exception.InnerException);
    }

    [Fact]
    public async Task Commit_AddressWidened_NoConnectionRefused()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var manager = Create();
        await ApplyAsync(manager, "narrow", Spec("narrow", IPAddress.Loopback, Ports.Free()));
        var port = ((IPEndPoint)manager.Bound["narrow"]).Port;

        await ApplyAsync(manager, "wide", Spec("wide", IPAddress.Any, port));

        // The old socket serves what it has queued while it retires; nobody is refused or reset meanwhile.
        await Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(async _ =>
                {
                    string answer;
                    do
                    {
                        answer = await AskAsync(new IPEndPoint(IPAddress.Loopback, port));
                        Assert.Contains(answer, (string[])["narrow", "wide"]);
                    } while (answer != "wide");
                })
        );

        Assert.Equal(["wide"], manager.Bound.Keys);
        await manager.StopAsync();
    }

    [Fact]
    public async Task Bind_StaleUnixSocket_Replaced()
    {
        var path = Path.Combine(Path.GetTempPath(), $"proxy-{Guid.NewGuid():N}.sock");
        using (var crashed = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            crashed.Bind(new UnixDomainSocketEndPoint(path));
        }

        // Disposing removed the file; a crash would not have: leave one behind by renaming around it.
        using var stale = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        stale.Bind(new UnixDomainSocketEndPoint(path));
        var manager = Create();
        await ApplyAsync(manager, "unix", Spec("unix", new UnixDomainSocketEndPoint(path)));

        Assert.Equal("unix", await AskAsync(new UnixDomainSocketEndPoint(path)));
        await manager.StopAsync();
        Assert.False(File.Exists(path));
    }

    [Fact]
    public async Task Bind_UnixSocketInUse_Refused()
    {
        var path = Path.Combine(Path.GetTempPath(), $"proxy-{Guid.NewGuid():N}.sock");
        using var other = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        other.Bind(new UnixDomainSocketEndPoint(path));
        other.Listen();

        await Assert.ThrowsAsync<BindException>(() => Create().BindAsync([Spec("unix", new UnixDomainSocketEndPoint(path))], default));
    }

    [Fact]
    public async Task Bind_UnixSocketWithFullBacklog_RefusedAtOnce()
    {
        var address = new UnixDomainSocketEndPoint(Loopback.NewUnixPath());
        using var busy = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        busy.Bind(address);
        busy.Listen(0);
        var waiting = FillBacklog(address);

        // On a thread of its own: a probe that waits would hold this one for ever.
        var binding = Task.Run(() => Create().BindAsync([Spec("unix", address)], default));
        await Assert.ThrowsAsync<BindException>(() => binding.WaitAsync(Eventually.Limit));

        Assert.True(File.Exists(address.ToString()));
        waiting.ForEach(static socket => socket.Dispose());
    }

    [Fact]
    public async Task Bind_NamedPipeInTheWay_RefusedAndKept()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var path = Loopback.NewUnixPath();
        using (var make = System.Diagnostics.Process.Start("mkfifo", [path]))
        {
            await make.WaitForExitAsync();
        }

        var spec = Spec("unix", new UnixDomainSocketEndPoint(path));
        var binding = Task.Run(() => Create().BindAsync([spec], default));
        await Assert.ThrowsAsync<BindException>(() => binding.WaitAsync(Eventually.Limit));

        Assert.True(File.Exists(path));
        File.Delete(path);
    }

    public void Dispose() => _clock.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Commit_OrderCounts_ConnectionsHandledAsTheyCame(bool loops)
    {
        if (loops && !OperatingSystem.IsLinux())
        {
            return;
        }

        using var group = new EventLoopGroup(2, null, NullLogger.Instance);
        var manager = loops ? Create(new EpollTransportFactory(new EpollDependencies(group, new BufferPool()))) : Create();
        var handled = new ConcurrentQueue<EndPoint>();
        var spec = Spec("a", IPAddress.Loopback, 0);
        await ApplyAsync(manager, Record, spec); // on all threads first
        var expected = new List<EndPoint>();
        foreach (var inOrder in (bool[])[true, false, true])
        {
            await ApplyAsync(manager, Record, spec with { EndPoint = new ListenEndPoint(spec.EndPoint.Address) { InOrder = inOrder } });
            handled.Clear();
            expected.Clear();
            var clients = new List<Socket>();
            for (var i = 0; i < 300; i++)
            {
                clients.Add(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
                clients[i].Connect(manager.Bound["a"]);
                expected.Add(clients[i].LocalEndPoint!);
            }

            await Eventually.TrueAsync(() => handled.Count == expected.Count);
            Assert.Equal(Comparable(expected), Comparable(handled));
            clients.ForEach(static client => client.Dispose());

            IEnumerable<EndPoint> Comparable(IEnumerable<EndPoint> clients) => inOrder ? clients : clients.Order(_byPort);
        }

        await manager.StopAsync();

        Task Record(ConnectionContext connection)
        {
            handled.Enqueue(connection.RemoteEndPoint!);
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task Lend_DisposedAndLentAgain_OnlyServesWhileLent()
    {
        var manager = Create();
        var lent = await manager.LendAsync(new(IPAddress.Loopback, Ports.Free()), connection => AnswerAsync(connection, "lent"), default);
        var address = lent.Address;
        Assert.Equal("lent", await AskAsync(address));

        await lent.DisposeAsync();
        await Assert.ThrowsAsync<SocketException>(() => AskAsync(address));

        await using var again = await manager.LendAsync(address, connection => AnswerAsync(connection, "again"), default);
        Assert.Equal("again", await AskAsync(address));
    }

    [Fact]
    public async Task Lend_ConfiguredAddressesEditedAndStopped_StaysUntilDisposed()
    {
        var manager = Create();
        await using var lent = await manager.LendAsync(new(IPAddress.Loopback, 0), connection => AnswerAsync(connection, "lent"), default);

        await ApplyAsync(manager, "1", Spec("a", IPAddress.Loopback, 0));
        await ApplyAsync(manager, "2", Spec("b", IPAddress.Loopback, 0));
        Assert.Equal(["b"], manager.Bound.Keys);
        await manager.StopAsync();

        Assert.Equal("lent", await AskAsync(lent.Address));
    }

    [Fact]
    public async Task Lend_AddressInUse_SaysWhich()
    {
        var manager = Create();
        await using var lent = await manager.LendAsync(new(IPAddress.Loopback, 0), static _ => Task.CompletedTask, default);

        var exception = await Assert.ThrowsAsync<BindException>(() =>
            manager.LendAsync(lent.Address, static _ => Task.CompletedTask, default)
        );

        Assert.Equal(lent.Address.ToString(), exception.Key);
        Assert.Equal(SocketError.AddressAlreadyInUse, Assert.IsType<SocketException>(exception.GetBaseException()).SocketErrorCode);
    }

    private static List<Socket> FillBacklog(EndPoint address)
    {
        var waiting = new List<Socket>();
        while (true)
        {
            var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
            waiting.Add(client);
            try
            {
                client.Connect(address);
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.WouldBlock)
            {
                return waiting;
            }
        }
    }

    private ListenerManager Create(IConnectionListenerFactory? factory = null) =>
        new(
            factory ?? new SocketTransportFactory(new BufferPool(), _clock, TimeProvider.System),
            TimeProvider.System,
            NullLogger<ListenerManager>.Instance
        );

    private static ListenerSpec Spec(string key, IPAddress address, int port) => Spec(key, new IPEndPoint(address, port));

    private static ListenerSpec Spec(string key, EndPoint address) => new(key, new ListenEndPoint(address), static _ => Task.CompletedTask);

    /// <summary>Serves an address with a pipeline to which nothing else refers.</summary>
    private static async Task<WeakReference> ServeAsync(ListenerManager manager, TaskCompletionSource accepted, Task ending)
    {
        var pipeline = new Waiting(accepted, ending);
        await ApplyAsync(manager, pipeline.OnConnectionAsync, Spec("a", IPAddress.Loopback, 0));
        return new(pipeline);
    }

    private static Task ApplyAsync(ListenerManager manager, string answer, params ListenerSpec[] specs) =>
        ApplyAsync(manager, connection => AnswerAsync(connection, answer), specs);

    private static async Task ApplyAsync(ListenerManager manager, ConnectionDelegate pipeline, params ListenerSpec[] specs)
    {
        var bound = await manager.BindAsync([.. specs.Select(spec => spec with { Pipeline = pipeline })], default);
        manager.Commit(bound);
    }

    private static async Task AnswerAsync(ConnectionContext connection, string answer)
    {
        await using (connection)
        {
            await connection.Transport.Output.WriteAsync(System.Text.Encoding.ASCII.GetBytes(answer));
            await connection.Transport.Output.CompleteAsync();
        }
    }

    private static async Task<Socket> ConnectAsync(EndPoint address)
    {
        var isUnix = address is UnixDomainSocketEndPoint;
        var socket = new Socket(address.AddressFamily, SocketType.Stream, isUnix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        await socket.ConnectAsync(address);
        return socket;
    }

    private static async Task<string> AskAsync(EndPoint address)
    {
        using var socket = await ConnectAsync(address);
        await using var stream = new NetworkStream(socket);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }

    /// <summary>Runs what is posted on the thread pool, within itself.</summary>
    private sealed class Context : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) =>
            ThreadPool.UnsafeQueueUserWorkItem(
                _ =>
                {
                    SetSynchronizationContext(this);
                    d(state);
                },
                null
            );
    }

    /// <summary>A pipeline whose connections wait for a task.</summary>
    private sealed class Waiting(TaskCompletionSource accepted, Task ending)
    {
        public Task OnConnectionAsync(ConnectionContext _)
        {
            accepted.TrySetResult();
            return ending;
        }
    }
}
