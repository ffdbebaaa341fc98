using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Connections;
using Proxy.Connections.Linux;

namespace Proxy.Core.Tests.EndToEnd.Connections;

/// <summary>Accepting and dialing on one loop.</summary>
public sealed class EpollTransportTests : IDisposable
{
    private readonly EventLoopGroup _loops = new(1, null, NullLogger.Instance);
    private readonly EpollDependencies _services;

    public EpollTransportTests() => _services = new EpollDependencies(_loops, new BufferPool());

    [Fact]
    public async Task Connect_RefusedAtOnce_OthersOfTheLoopAreStillWatched()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        await using var listener = await new EpollTransportFactory(_services).BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        var accepting = listener.AcceptAsync().AsTask();
        await Eventually.TrueAsync(() => _loops.Loops[0].TurnBegan == 0 && !accepting.IsCompleted);

        await Assert.ThrowsAnyAsync<SocketException>(async () =>
            await new EpollConnectionFactory(_services, TimeProvider.System).ConnectAsync(
                new UnixDomainSocketEndPoint(Loopback.NewUnixPath())
            )
        );

        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.EndPoint);
        await using var accepted = await accepting.WaitAsync(Eventually.Limit);
        Assert.NotNull(accepted);
    }

    [Fact]
    public async Task Abort_WhileItsClientIsDialedFor_CancelsTheDial()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        await using var listener = await new EpollTransportFactory(_services).BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.EndPoint);
        var accepted = (TcpConnection)(await listener.AcceptAsync())!;
        using var dial = new CancellationTokenSource();
        await using var watch = accepted.CancelOnReset(dial);

        accepted.Abort(new ConnectionAbortedException());

        Assert.True(dial.IsCancellationRequested);
    }

    /// <summary>Nothing else happens on the loop that could wake it by chance.</summary>
    [Fact]
    public async Task Post_FromTwoThreadsAtOnce_NothingIsLeftLying()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        await Task.WhenAll(Task.Run(PostManyAsync), Task.Run(PostManyAsync));

        async Task PostManyAsync()
        {
            for (var i = 0; i < 200_000; i++)
            {
                var work = new Work();
                _loops.Loops[0].Post(work);
                await work.Done.Task.WaitAsync(Eventually.Limit);
            }
        }
    }

    /// <summary>The kernel wakes one loop for a connection; that may be one which has just ceased to accept.</summary>
    [Fact]
    public async Task SetInOrder_WhileSomebodyConnects_AcceptedAllTheSame()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var loops = new EventLoopGroup(4, null, NullLogger.Instance);
        await using var listener = (EpollListener)
            await new EpollTransportFactory(new EpollDependencies(loops, new BufferPool())).BindAsync(
                new IPEndPoint(IPAddress.Loopback, 0)
            );
        var accepting = Enumerable.Range(0, listener.AcceptInline()).Select(_ => AcceptAllAsync(listener)).ToList();
        var random = new Random(1);
        for (var i = 0; i < 4000; i++)
        {
            using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            var spins = random.Next(2000);
            var connecting = Task.Run(() =>
            {
                Thread.SpinWait(spins);
                client.Connect(listener.EndPoint);
            });
            Thread.SpinWait(random.Next(2000));
            listener.SetInOrder(i % 2 == 0);
            await connecting;

            Assert.Equal(0, await client.ReceiveAsync(new byte[1]).WaitAsync(Eventually.Limit));
        }

        await listener.UnbindAsync();
        await Task.WhenAll(accepting).WaitAsync(Eventually.Limit);

        static async Task AcceptAllAsync(EpollListener listener)
        {
            while (await listener.AcceptAsync() is { } connection)
            {
                await connection.DisposeAsync();
            }
        }
    }

    public void Dispose() => _loops.Dispose();

    private sealed class Work : IThreadPoolWorkItem
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Execute() => Done.SetResult();
    }
}
