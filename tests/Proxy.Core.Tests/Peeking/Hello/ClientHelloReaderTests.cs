using FsCheck;
using FsCheck.Fluent;
using Proxy.Peeking.Hello;

namespace Proxy.Core.Tests.Peeking.Hello;

public sealed class ClientHelloReaderTests
{
    public static TheoryData<string, string?, string> Known => Hellos.Known;

    [Theory]
    [MemberData(nameof(Known))]
    public void Read_OfAProgram_NameAndProtocols(string sample, string? name, string alpn)
    {
        var reader = new ClientHelloReader();

        Assert.Equal(ClientHelloStatus.Complete, reader.Read(Hellos.Of(sample)));
        Assert.Equal(name, reader.Hello!.ServerName);
        Assert.Equal(alpn, string.Join(',', reader.Hello.AlpnProtocols));
    }

    [Theory]
    [MemberData(nameof(Known))]
    public void Read_EverySplit_MoreBytesUntilTheLast(string sample, string? name, string alpn)
    {
        var bytes = Hellos.Of(sample);
        var drip = new ClientHelloReader();
        for (var split = 1; split < bytes.Length; split++)
        {
            Assert.Equal(ClientHelloStatus.MoreBytes, drip.Read(bytes.AsSpan(0, split)));
            var reader = new ClientHelloReader();
            Assert.Equal(ClientHelloStatus.MoreBytes, reader.Read(bytes.AsSpan(0, split)));
            Assert.Equal(ClientHelloStatus.Complete, reader.Read(bytes));
            Assert.Equal(name, reader.Hello!.ServerName);
        }

        Assert.Equal(ClientHelloStatus.Complete, drip.Read(bytes));
        Assert.Equal(alpn, string.Join(',', drip.Hello!.AlpnProtocols));
    }

    [Theory]
    [MemberData(nameof(Known))]
    public void Read_EverySizeOfRecords_Complete(string sample, string? name, string alpn)
    {
        var message = Hellos.MessageOf(Hellos.Of(sample));
        foreach (var size in Enumerable.Range(1, 40).Concat([100, 255, 256, message.Length - 1, message.Length]))
        {
            var reader = new ClientHelloReader();
            Assert.Equal(ClientHelloStatus.Complete, reader.Read(Hellos.Records(message, size)));
            Assert.Equal((name, alpn), (reader.Hello!.ServerName, string.Join(',', reader.Hello.AlpnProtocols)));
        }
    }

    [Fact]
    public void Read_TwoRecordsSplitAtEveryByte_Complete()
    {
        var message = Hellos.MessageOf(Hellos.OpenSsl);
        for (var split = 1; split < message.Length; split++)
        {
            byte[] bytes = [.. Hellos.Records(message[..split]), .. Hellos.Records(message[split..])];
            var reader = new ClientHelloReader();
            for (var count = 1; count < bytes.Length; count++)
            {
                Assert.Equal(ClientHelloStatus.MoreBytes, reader.Read(bytes.AsSpan(0, count)));
            }

            Assert.Equal(ClientHelloStatus.Complete, reader.Read(bytes));
            Assert.Equal("mail.example.com", reader.Hello!.ServerName);
        }
    }

    [Fact]
    public void Read_EarlyDataBehindIt_Ignored()
    {
        var reader = new ClientHelloReader();

        byte[] early = [20, 3, 3, 0, 1, 1, 23, 3, 3, 0, 4, 1, 2, 3, 4];

        Assert.Equal(ClientHelloStatus.Complete, reader.Read([.. Hellos.Chromium, .. early]));
        Assert.Equal("www.example.org", reader.Hello!.ServerName);
    }

    [Fact]
    public void Read_LongestHello_CompleteAndOneByteMoreMalformed()
    {
        byte[] Padded(int length)
        {
            var name = Hellos.ServerName("a.example");
            var bare = Hellos.Message(Hellos.Extensions(name)).Length - 4;
            return Hellos.Message(Hellos.Extensions(name, Hellos.Extension(21, new byte[length - bare - 4])));
        }

        var longest = new ClientHelloReader();
        Assert.Equal(ClientHelloStatus.Complete, longest.Read(Hellos.Records(Padded(ClientHelloReader.MaxHello), 1000)));
        Assert.Equal("a.example", longest.Hello!.ServerName);

        // Known from the header of the message, long before its end.
        Assert.Equal(
            ClientHelloStatus.Malformed,
            new ClientHelloReader().Read(Hellos.Records(Padded(ClientHelloReader.MaxHello + 1), 1000).AsSpan(0, 9))
        );
    }

    [Theory]
    [InlineData("16", ClientHelloStatus.MoreBytes)]
    [InlineData("1603", ClientHelloStatus.MoreBytes)]
    [InlineData("160301", ClientHelloStatus.MoreBytes)]
    [InlineData("1603010001", ClientHelloStatus.MoreBytes)]
    [InlineData("160301000101", ClientHelloStatus.MoreBytes)]
    [InlineData("17", ClientHelloStatus.NotTls)] // another kind of record
    [InlineData("1602", ClientHelloStatus.NotTls)]
    [InlineData("160305", ClientHelloStatus.NotTls)]
    [InlineData("1603010000", ClientHelloStatus.NotTls)] // an empty record
    [InlineData("1603014001", ClientHelloStatus.NotTls)] // a record of 2^14 + 1 bytes
    [InlineData("16030100FF02", ClientHelloStatus.NotTls)] // a ServerHello
    [InlineData("802E010301", ClientHelloStatus.NotTls)] // SSL 2
    [InlineData("1603010001011603010000", ClientHelloStatus.Malformed)] // an empty record later
    [InlineData("1603010001011503010002", ClientHelloStatus.Malformed)] // an alert in between
    [InlineData("160301000101140301000101", ClientHelloStatus.Malformed)]
    [InlineData("16030100050100000101", ClientHelloStatus.Malformed)] // too short for a ClientHello
    [InlineData("160301000401FFFFFF", ClientHelloStatus.Malformed)] // a message of 16 MiB
    public void Read_Beginning_StatusIsKnownAtOnce(string hex, object status)
    {
        Assert.Equal(status, new ClientHelloReader().Read(Convert.FromHexString(hex)));
    }

    [Fact]
    public void Read_BytesBehindTheMessageInItsRecord_Malformed()
    {
        byte[] message = [.. Hellos.MessageOf(Hellos.OpenSsl), 1];

        Assert.Equal(ClientHelloStatus.Malformed, new ClientHelloReader().Read(Hellos.Records(message)));
    }

    [Fact]
    public void Read_FloodOfRecordsOfOneByte_EachIsExaminedOnce()
    {
        var message = Hellos.Message(Hellos.Extensions(Hellos.ServerName("a.example"), Hellos.Extension(21, new byte[10_000])));
        var bytes = Hellos.Records(message, 1);
        var reader = new ClientHelloReader();
        reader.Read(bytes.AsSpan(0, 100));
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var count = 101; count < bytes.Length; count++)
        {
            Assert.False(reader.Read(bytes.AsSpan(0, count)) != ClientHelloStatus.MoreBytes);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4096);
        Assert.Equal(ClientHelloStatus.Complete, reader.Read(bytes));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 * 1024); // the message, once
    }

    [Fact]
    public void Read_Garbage_EndsWithinBounds()
    {
        var bytes = ArbMap.Default.ArbFor<byte[]>();

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000).WithEndSize(600), Prop.ForAll(bytes, static garbage => Survives(garbage)));
    }

    [Fact]
    public void Read_DamagedHello_EndsWithinBoundsAndSaysTheSameForEverySplit()
    {
        var damages = ArbMap
            .Default.GeneratorFor<(ushort Position, byte Value)[]>()
            .Where(static damage => damage.Length < 6)
            .ToArbitrary();

        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(3000),
            Prop.ForAll(
                damages,
                static damage =>
                {
                    var bytes = (byte[])(damage.Length % 2 == 0 ? Hellos.Chromium : Hellos.OpenSsl).Clone();
                    foreach (var (position, value) in damage)
                    {
                        bytes[position % bytes.Length] = value;
                    }

                    return Survives(bytes);
                }
            )
        );
    }

    private static bool Survives(byte[] bytes)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var whole = new ClientHelloReader();
        whole.Read(bytes);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 * 1024);

        var parts = new ClientHelloReader();
        for (var count = 1; count <= bytes.Length; count += 7)
        {
            parts.Read(bytes.AsSpan(0, count));
        }

        parts.Read(bytes);
        Assert.Equal(whole.Status, parts.Status);
        Assert.Equal(whole.Hello?.ServerName, parts.Hello?.ServerName);
        Assert.True(
            whole.Hello?.ServerName is null || Proxy.Configuration.Reading.HostName.TryNormalize(whole.Hello.ServerName) is not null
        );
        return true;
    }
}
