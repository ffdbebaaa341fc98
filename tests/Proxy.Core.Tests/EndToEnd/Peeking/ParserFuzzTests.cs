using System.Text;
using Proxy.Configuration.Reading;
using Proxy.Core.Tests.Peeking;
using Proxy.Core.Tests.ProxyProtocol;
using Proxy.Peeking.Hello;
using Proxy.ProxyProtocol;
using Xunit.Abstractions;

namespace Proxy.Core.Tests.EndToEnd.Peeking;

/// <summary>
/// Mutated ClientHellos and PROXY protocol headers, whole and in pieces. The parsers never throw, and say the same however the bytes come. tests/Fuzz/run
/// makes it longer, and begins elsewhere each time (PROXY_SOAK_SECONDS).
/// </summary>
public sealed class ParserFuzzTests(ITestOutputHelper output)
{
    private const int Cases = 5_000;

    private static readonly byte[][] _hellos =
    [
        Hellos.OpenSsl,
        Hellos.OpenSslTls12,
        Hellos.Curl,
        Hellos.Psql,
        Hellos.Chromium,
        Hellos.Simple("www.example.com", "h2", "http/1.1"),
        Hellos.Records(Hellos.MessageOf(Hellos.Curl), size: 7),
    ];

    private static readonly byte[][] _lines =
    [
        "PROXY TCP4 192.0.2.1 198.51.100.2 1000 443\r\n"u8.ToArray(),
        "PROXY TCP6 2001:db8::1 2001:db8::2 65535 1\r\n"u8.ToArray(),
        "PROXY UNKNOWN and more\r\n"u8.ToArray(),
    ];

    private static readonly byte[][] _binary =
    [
        HeaderBytes.Four(HeaderBytes.Tlv(2, "www.example.com"), HeaderBytes.Tlv(1, "h2"), HeaderBytes.Tlv(5, "id")),
        HeaderBytes.Four(HeaderBytes.Tlv(0x20, [1, 0, 0, 0, 0, .. HeaderBytes.Tlv(0x21, "TLSv1.3")]), HeaderBytes.Tlv(0xEA, "\u0001vpce")),
        HeaderBytes.Sum(HeaderBytes.Four(HeaderBytes.Tlv(3, [0, 0, 0, 0]))),
        HeaderBytes.V2(0x20, 0, []),
    ];

    [Fact]
    public void ClientHello_Mutated_SameVerdictInPiecesAndOnlyNamesOfHosts() =>
        Fuzz(
            _hellos,
            static (bytes, random) =>
            {
                var whole = new ClientHelloReader();
                var verdict = whole.Read(bytes);
                var pieces = new ClientHelloReader();
                var status = ClientHelloStatus.MoreBytes;
                for (var read = 0; read < bytes.Length && status == ClientHelloStatus.MoreBytes; )
                {
                    read = Math.Min(bytes.Length, read + 1 + random.Next(64));
                    status = pieces.Read(bytes.AsSpan(0, read));
                }

                Assert.Equal(verdict, status);
                Assert.Equal(whole.Hello?.ServerName, pieces.Hello?.ServerName);
                Assert.True(whole.Hello?.ServerName is not { } name || HostName.TryNormalize(name) is not null, whole.Hello?.ServerName);
            }
        );

    [Fact]
    public void ProxyLine_Mutated_SameVerdictInPiecesAndPrintableAddresses() => Fuzz(_lines, Headers);

    [Fact]
    public void ProxyBinary_Mutated_SameVerdictInPiecesAndValuesThatCanBeRead() => Fuzz(_binary, Headers);

    private static void Headers(byte[] bytes, Random random)
    {
        var verdict = ProxyHeaderReader.Read(bytes, out var header, out var length);
        var status = ProxyHeaderStatus.MoreBytes;
        ProxyHeader? inPieces = null;
        for (var read = 0; read < bytes.Length && status == ProxyHeaderStatus.MoreBytes; )
        {
            read = Math.Min(bytes.Length, read + 1 + random.Next(24));
            status = ProxyHeaderReader.Read(bytes.AsSpan(0, read), out inPieces, out _);
        }

        Assert.Equal(verdict, status);
        if (header is null)
        {
            return;
        }

        Assert.InRange(length, 1, bytes.Length);
        Assert.Equal($"{header.Source} {header.Destination}", $"{inPieces!.Source} {inPieces.Destination}");
        Assert.True(Encoding.ASCII.GetByteCount($"{header.Source}{header.Destination}") < 120);
        _ = (header.Authority, header.Alpn, header.UniqueId, header.Tls, header.AwsVpcEndpointId, header.AzureLinkId);
        ProxyHeaderWriter.Write(
            Proxy.Configuration.Clusters.ProxyProtocolVersion.V2,
            new ProxyOrigin(header.Source, header.Destination, null, null, "1") { Passed = header.Tlvs }
        );
    }

    private void Fuzz(byte[][] corpus, Action<byte[], Random> check)
    {
        var isSoak = int.TryParse(Environment.GetEnvironmentVariable("PROXY_SOAK_SECONDS"), out var seconds);
        var started = TimeProvider.System.GetTimestamp();
        var seed = isSoak ? Random.Shared.Next() : 0;
        long cases = 0;
        do
        {
            var random = new Random(++seed);
            var bytes = Mutate(corpus[random.Next(corpus.Length)], corpus, random);
            cases++;
            try
            {
                check(bytes, random);
            }
            catch (Exception exception)
            {
                Assert.Fail($"seed {seed}, case {cases}, {Convert.ToHexString(bytes)}: {exception}");
            }
        } while (isSoak ? TimeProvider.System.GetElapsedTime(started).TotalSeconds < seconds : cases < Cases);

        output.WriteLine($"{cases} cases in {TimeProvider.System.GetElapsedTime(started).TotalSeconds:F1} s.");
    }

    private static byte[] Mutate(byte[] from, byte[][] corpus, Random random)
    {
        var bytes = new List<byte>(from);
        for (var i = random.Next(8); i > 0 && bytes.Count > 0; i--)
        {
            var place = random.Next(bytes.Count);
            switch (random.Next(7))
            {
                case 0:
                    bytes[place] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[place] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes[place] = (byte)(random.Next(2) == 0 ? 0 : 255);
                    break;
                case 3:
                    bytes.Insert(place, (byte)random.Next(256));
                    break;
                case 4:
                    bytes.RemoveRange(place, Math.Min(random.Next(16), bytes.Count - place));
                    break;
                case 5:
                    var other = corpus[random.Next(corpus.Length)];
                    var begin = random.Next(other.Length);
                    bytes.InsertRange(place, other[begin..Math.Min(other.Length, begin + random.Next(64))]);
                    break;
                default:
                    bytes.RemoveRange(place, bytes.Count - place);
                    break;
            }
        }

        return [.. bytes];
    }
}
