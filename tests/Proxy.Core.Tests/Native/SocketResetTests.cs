using System.Net;
using System.Net.Sockets;
using Proxy.Native;

namespace Proxy.Core.Tests.Native;

/// <summary>Ends of which the peer knows at once, though a child process that is being started has a copy of the descriptor.</summary>
public sealed class SocketResetTests
{
    private const string Unix = "unix";

    public static TheoryData<string> Addresses => ["127.0.0.1", "::1", Unix];

    [Theory]
    [MemberData(nameof(Addresses))]
    public async Task Send_AChildProcessHasACopy_PeerIsTold(string address)
    {
        if (!IsSupported(address))
        {
            return;
        }

        var (peer, ours) = await ConnectAsync(address);
        using var copy = new DescriptorCopy(ours);

        SocketReset.Send((int)ours.Handle, address == Unix);

        await AssertToldAsync(peer, address);
        ours.Dispose();
    }

    [Theory]
    [MemberData(nameof(Addresses))]
    public async Task Close_AChildProcessHasACopy_PeerIsTold(string address)
    {
        if (!IsSupported(address))
        {
            return;
        }

        var (peer, ours) = await ConnectAsync(address);
        using var copy = new DescriptorCopy(ours);

        SocketReset.Close(ours);

        await AssertToldAsync(peer, address);
        SocketReset.Close(ours); // nothing more
    }

    // An end would be passed on as one, though the peer has sent none.
    [Theory]
    [MemberData(nameof(Addresses))]
    public async Task Close_WhileItIsRead_ReadFailsAndSeesNoEnd(string address)
    {
        if (!IsSupported(address))
        {
            return;
        }

        for (var i = 0; i < 200; i++)
        {
            var (peer, ours) = await ConnectAsync(address);
            var reading = ours.ReceiveAsync(new byte[1]);

            SocketReset.Close(ours);

            await Assert.ThrowsAsync<SocketException>(() => reading).WaitAsync(Eventually.Limit);
            peer.Dispose();
        }
    }

    private static bool IsSupported(string address) => OperatingSystem.IsLinux() && (address != "::1" || Socket.OSSupportsIPv6);

    private static async Task AssertToldAsync(Socket peer, string address)
    {
        Assert.Equal(address != Unix, (await peer.ReadToEndAsync()).Reset); // unix sockets have no reset
        Assert.Throws<SocketException>(() => peer.Send(new byte[1]));
        peer.Dispose();
    }

    private static async Task<(Socket Peer, Socket Ours)> ConnectAsync(string address)
    {
        var path = Loopback.NewUnixPath();
        using var listener = address == Unix ? Loopback.ListenUnix(path) : Loopback.Listen(IPAddress.Parse(address));
        var peer = new Socket(listener.AddressFamily, SocketType.Stream, address == Unix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        await peer.ConnectAsync(listener.LocalEndPoint!);
        var ours = await listener.AcceptWithinAsync();
        File.Delete(path);
        return (peer, ours);
    }
}
