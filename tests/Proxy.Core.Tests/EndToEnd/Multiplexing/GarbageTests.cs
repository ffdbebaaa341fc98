using Proxy.Core.Tests.Multiplexing;
using Proxy.Core.Tests.Multiplexing.Framing;
using Proxy.Multiplexing.Framing;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>Whatever one client or the destination sends, in every protocol: those concerned get an error or a close, the others their replies.</summary>
public sealed class GarbageTests : SessionTestBase
{
    /// <summary>Protocols, transports, and a request whose echo is a reply to it.</summary>
    public static TheoryData<string, string, string> Protocols
    {
        get
        {
            var data = new TheoryData<string, string, string>();
            foreach (var transport in (string[])[Multiplexer.Portable, Multiplexer.Loops])
            {
                data.Add(transport, "line", "68656C6C6F0A");
                data.Add(transport, "iso8583", "0003 08 00 FF");
                data.Add(transport, "mpu", "30303033 08 00 FF");
                data.Add(transport, "modbus-tcp", "0007 0000 0006 11 06 0001 0003");
                data.Add(transport, "modbus-tcp-crc", "0007 0000 0008 11 06 0001 0003 9A9B");
                data.Add(transport, "modbus-rtu-over-tcp", "11 06 0001 0003 9A9B");
                data.Add(transport, "modbus-ascii", Convert.ToHexString(Bytes.Text(":110600010003E5\r\n")));
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Clients_SendGarbage_OthersNoticeNothing(string transport, string protocol, string sample)
    {
        var request = Bytes.Hex(sample);
        await StartAsync(transport, protocol);
        using var good = await Multiplexer.ConnectAsync();
        var random = new Random(5);
        for (var round = 0; round < 40; round++)
        {
            using var bad = await Multiplexer.ConnectAsync();
            var noise = new byte[random.Next(1, 300)];
            random.NextBytes(noise);
            await bad.SendAsync(random.Next(2) == 0 ? noise : [.. request, .. noise]);
            if (random.Next(2) == 0)
            {
                bad.End();
            }
            else
            {
                bad.Reset();
            }

            Assert.Equal(request, await good.AskAsync(request, request.Length));
        }

        Assert.False(good.HasMore);
        Assert.Equal(1, Device.Connections.Most);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Destination_AnswersGarbage_ThatClientIsToldAndTheNextIsServed(string transport, string protocol, string sample)
    {
        var request = Bytes.Hex(sample);
        await StartAsync(transport, protocol);
        var echo = Device.OnMessage;
        var random = new Random(5);
        for (var round = 0; round < 20; round++)
        {
            Device.OnMessage = async (_, peer) =>
            {
                var noise = new byte[random.Next(1, 300)];
                random.NextBytes(noise);
                noise[0] = (byte)'G'; // no id, length or start that anybody has
                await peer.SendAsync(noise);
                peer.End();
            };
            using (var concerned = await Multiplexer.ConnectAsync())
            {
                await concerned.SendAsync(request);
                concerned.End();
                await concerned.ReadEndAsync();
            }

            Device.OnMessage = echo;
            await OpenAsync(0);
            Time.Advance(TimeSpan.FromSeconds(30) + Tick);
            using var next = await Multiplexer.ConnectAsync();
            Assert.Equal(request, await next.AskAsync(request, request.Length));
            Assert.False(next.HasMore);
        }
    }

    private async Task StartAsync(string transport, string protocol)
    {
        Assert.True(KnownProtocols.BuiltIn.TryFind(protocol, out var framer));
        Device = Add(new Device(framer));
        Device.OnMessage = static (message, peer) => peer.SendAsync(message);
        await base.StartAsync(transport, $"\"Protocol\": \"{protocol}\"");
    }
}
