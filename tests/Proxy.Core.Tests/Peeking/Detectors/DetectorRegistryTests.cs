using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Peeking.Detectors;

namespace Proxy.Core.Tests.Peeking.Detectors;

public sealed class DetectorRegistryTests
{
    private static readonly DetectorRegistry _registry = new([
        new TlsDetector(),
        new HttpDetector(),
        new SshDetector(),
        new PostgresDetector(),
        new RdpDetector(),
        new Socks5Detector(),
        new MqttDetector(),
    ]);

    private static readonly (byte[] Bytes, string[] Protocols)[] _examples =
    [
        (Hellos.OpenSsl, ["Tls"]),
        (Hellos.Chromium, ["Tls"]),
        (Hellos.Simple("db.example", "postgresql"), ["Tls", "Postgres"]),
        (Text("GET / HTTP/1.1\r\n"), ["Http"]),
        (Text("POST http://a.example/ HTTP/1.0\r\n"), ["Http"]),
        (Text("CONNECT a.example:443 HTTP/1.1\r\n"), ["Http"]),
        (Text("PROPFIND /x HTTP/1.1\r\n"), ["Http"]),
        (Text("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), ["Http"]),
        (Text("SSH-2.0-OpenSSH_9.2\r\n"), ["Ssh"]),
        (Hex("0000000804D2162F"), ["Postgres"]), // asks for TLS
        (Hex("0000000804D21630"), ["Postgres"]), // asks for GSSAPI
        (Hex("0000001004D2162E0000000100000002"), ["Postgres"]), // cancels
        ([.. Hex("00000011"), .. Hex("00030000"), .. Text("user\0u\0\0\0")], ["Postgres"]),
        (Hex("0300000B06E00000000000"), ["Rdp"]),
        ([.. Hex("030000130EE000000000000100080003000000")], ["Rdp"]),
        (Hex("050100"), ["Socks5"]),
        (Hex("0503000102"), ["Socks5"]),
        ([.. Hex("100C0004"), .. Text("MQTT"), .. Hex("04020000")], ["Mqtt"]),
        ([.. Hex("10FF010006"), .. Text("MQIsdp"), .. Hex("03")], ["Mqtt"]),
        (Text("EHLO a.example\r\n"), []),
        (Text("get / HTTP/1.1\r\n"), []),
        (Text("GET  / HTTP/1.1\r\n"), []),
        (Text("\n"), []),
        (Text("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"), []),
        (Hex("05FF"), []),
        (Hex("0500"), []),
        (Hex("0501FF"), []),
        (Hex("0000000804D2162D"), []),
        (Hex("7FFFFFFF"), []),
        (Hex("0300000B05E00000000000"), []),
        (Hex("10FFFFFFFFFF"), []),
        (Hex("00"), []),
    ];

    [Fact]
    public void Detect_Examples_OnlyTheirOwnProtocols()
    {
        foreach (var (bytes, protocols) in _examples)
        {
            var found = _registry.Names.Where(name => Detect(name, bytes) == DetectorVerdict.Yes);
            Assert.True(protocols.SequenceEqual(found), $"{Convert.ToHexString(bytes)}: {string.Join(',', found)}");
        }
    }

    [Fact]
    public void Detect_EverySplit_MoreBytesBeforeTheVerdictAndTheSameAfterIt()
    {
        foreach (var (bytes, protocols) in _examples)
        {
            foreach (var name in _registry.Names)
            {
                var final = Detect(name, bytes);
                for (var length = 1; length < bytes.Length; length++)
                {
                    var verdict = Detect(name, bytes[..length]);
                    Assert.True(
                        verdict == DetectorVerdict.MoreBytes || verdict == final,
                        $"{name} says {verdict} after {length} bytes of {Convert.ToHexString(bytes)}, and {final} at the end"
                    );
                }

                Assert.Equal(protocols.Contains(name), final == DetectorVerdict.Yes);
            }
        }
    }

    [Fact]
    public void Detect_Garbage_NoMoreBytesForEver()
    {
        var garbage = ArbMap.Default.ArbFor<byte[]>().Filter(static bytes => bytes.Length > 0);

        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(1000),
            Prop.ForAll(
                garbage,
                static bytes =>
                {
                    byte[] much = [.. bytes, .. new byte[65_536 - bytes.Length]];
                    Assert.All(_registry.Names, name => Assert.NotEqual(DetectorVerdict.MoreBytes, Detect(name, much)));
                }
            )
        );
    }

    [Fact]
    public void TryFind_OtherCaseAndLaterOne_Found()
    {
        var own = new SshDetector();
        var registry = new DetectorRegistry([new SshDetector(), own]);

        Assert.True(registry.TryFind("SSH", out var found));
        Assert.Same(own, found);
        Assert.False(registry.TryFind("Telnet", out _));
    }

    [Fact]
    public void AddProtocolDetector_OfAnApplication_RoutesNameIt()
    {
        var services = new ServiceCollection().AddLogging();
        services.AddTcpProxy().AddProtocolDetector<Greeting>();
        using var provider = services.BuildServiceProvider();

        Assert.Equal(
            ["Tls", "Http", "Ssh", "Postgres", "Rdp", "Socks5", "Mqtt", "Greeting"],
            provider.GetRequiredService<DetectorRegistry>().Names
        );
    }

    private static DetectorVerdict Detect(string name, byte[] bytes) =>
        _registry.TryFind(name, out var detector) ? detector.Detect(bytes) : throw new InvalidOperationException(name);

    private sealed class Greeting : IProtocolDetector
    {
        public string Name => "Greeting";

        public DetectorVerdict Detect(ReadOnlySpan<byte> bytes) => FirstBytes.Match(bytes, "HELLO"u8);
    }

    private static byte[] Text(string text) => Encoding.ASCII.GetBytes(text);

    private static byte[] Hex(string hex) => Convert.FromHexString(hex);
}
