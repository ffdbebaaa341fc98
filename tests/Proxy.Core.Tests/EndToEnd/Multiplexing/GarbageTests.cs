using FsCheck;
using FsCheck.Fluent;
using Proxy.Core.Tests.Multiplexing;
using Proxy.Core.Tests.Multiplexing.Framing;
using Proxy.Multiplexing.Framing;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>Whatever one client or the destination sends, in every protocol: those concerned get an error or a close, the others their replies.</summary>
public sealed class GarbageTests : SessionTestBase
{
    private static Gen<byte[]> Noise => Samples.Data(299, 1);

    /// <summary>Protocols, transports, and a request whose echo is a reply to it.</summary>
    public static TheoryData<string, string, string> Protocols
    {
        get
        {
            var data = new TheoryData<string, string, string>();
            foreach (var transport in (string[])[Multiplexer.Portable, Multiplexer.Loops])
            {
                data.Add(transport, "line", "68656C6C6F0A");
                data.Add(transport, "scpi", "2A49444E3F0A");
                data.Add(transport, "resp", Convert.ToHexString(Bytes.Text("*1\r\n$2\r\nXX\r\n")));
                data.Add(transport, "memcached", Convert.ToHexString(Bytes.Text("slabs automove 1\r\n")));
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
        await StartAsync(transport, protocol, request);
        using var good = await Multiplexer.ConnectAsync();
        var cases =
            from noise in Noise
            from first in Gen.Elements([], request)
            from resets in Gen.Elements(true, false)
            select (bytes: (byte[])[.. first, .. noise], resets);

        await Properties.CheckAsync(
            Config.QuickThrowOnFailure.WithMaxTest(40),
            cases.ToArbitrary(),
            pair => SendAsync(pair.bytes, pair.resets)
        );

        Assert.False(good.HasMore);
        Assert.Equal(1, Device.Connections.Most);

        async Task SendAsync(byte[] bytes, bool resets)
        {
            using var bad = await Multiplexer.ConnectAsync();
            await bad.SendAsync(bytes);
            if (resets)
            {
                bad.Reset();
            }
            else
            {
                bad.End();
            }

            Assert.Equal(request, await good.AskAsync(request, request.Length));
        }
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Destination_AnswersGarbage_ThatClientIsToldAndTheNextIsServed(string transport, string protocol, string sample)
    {
        var request = Bytes.Hex(sample);
        await StartAsync(transport, protocol, request);
        var echo = Device.OnMessage;
        await Properties.CheckAsync(Config.QuickThrowOnFailure.WithMaxTest(20), Noise.ToArbitrary(), AnswerAsync);

        async Task AnswerAsync(byte[] noise)
        {
            Device.OnMessage = async (_, peer) =>
            {
                await peer.SendAsync([(byte)'G', .. noise]); // no id, length or start that any request has
                peer.End();
            };
            using (var concerned = await Multiplexer.ConnectAsync())
            {
                var seen = Device.Messages.Count;
                await concerned.SendAsync(request);
                await Device.SeenAsync(seen + 1); // a request that is not sent yet is dropped when its client ends
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

    private async Task StartAsync(string transport, string protocol, byte[] sample)
    {
        Assert.True(KnownProtocols.BuiltIn.TryFind(protocol, out var framer));
        Device = Add(new Device(framer));
        Device.OnMessage = (message, peer) =>
            framer.Request(message).Traits.HasFlag(MessageTraits.NoReply)
                ? Task.CompletedTask
                : peer.SendAsync(framer.Reply(message, message).Length == message.Length ? message : sample);
        await base.StartAsync(transport, $"\"Protocol\": \"{protocol}\"");
    }
}
