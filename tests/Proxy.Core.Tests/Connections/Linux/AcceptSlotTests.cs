using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Connections;
using Proxy.Connections.Linux;

namespace Proxy.Core.Tests.Connections.Linux;

public sealed class AcceptSlotTests
{
    [Fact]
    public async Task Accept_CannotBeWatched_ClientIsResetAndDoesNotCount()
    {
        if (!RefusedCall.IsKnownHere)
        {
            return;
        }

        var group = new EventLoopGroup(1, null, NullLogger.Instance); // is not disposed, so that its epoll instance stays open: see RefusedCall
        var factory = new EpollTransportFactory(new EpollDependencies(group, new BufferPool()));
        await using var listener = await factory.BindAsync(new ListenEndPoint(new IPEndPoint(IPAddress.Loopback, 0)));
        var accepting = listener.AcceptAsync();
        var turn = new Turn();
        group.Loops[0].Post(turn); // after the accept, which watches the listener since no client is there
        await turn.Passed.WaitAsync(Eventually.Limit);
        using var first = await ConnectAsync(listener.EndPoint);
        await using var accepted = await accepting;
        var refusal = new RefusedCall(233, 21, group.Loops[0].Number, errno: 28); // epoll_ctl: ENOSPC, as with max_user_watches
        group.Loops[0].Post(refusal);
        await refusal.Installed.WaitAsync(Eventually.Limit);

        var next = listener.AcceptAsync().AsTask();

        Assert.True(await Loopback.IsResetAsync(() => ConnectAsync(listener.EndPoint)));
        await Assert.ThrowsAsync<SocketException>(() => next.WaitAsync(Eventually.Limit));
        Assert.Equal(1, group.Loops[0].Connections);
    }

    private static async Task<Socket> ConnectAsync(EndPoint address)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address);
        return socket;
    }

    private sealed class Turn : IThreadPoolWorkItem
    {
        private readonly TaskCompletionSource _passed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Passed => _passed.Task;

        public void Execute() => _passed.SetResult();
    }
}
