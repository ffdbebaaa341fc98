using Proxy.Configuration.Clusters;

namespace Proxy.Core.Tests.Configuration.Clusters;

public sealed class TlvTypesTests : IDisposable
{
    private readonly ConfigDocument _document = new();

    [Theory]
    [InlineData("V2", "\"0xEA\", \"0xee\", \"0x5\"", null, null)]
    [InlineData("V2", "\"All\"", null, null)]
    [InlineData("V2", "\"0xEA\", \"Authority\"", "PassTlvs:1", "'Authority' is no type; write '0x' and two hexadecimal digits")]
    [InlineData("V2", "\"0x100\"", "PassTlvs:0", "is no type")]
    [InlineData("V2", "\"0x03\"", "PassTlvs:0", "belongs to the header that it came with")]
    [InlineData("V1", "\"All\"", "PassTlvs", "is for headers of version 2; set SendProxyProtocol to 'V2'")]
    public void Check_Types_ErrorThatSaysWhatIsRight(string version, string types, string? key, string? error)
    {
        var errors = _document
            .Read(
                $$"""
                { "ReverseProxy": {
                    "TcpRoutes": { "r": { "Listen": "127.0.0.1:9000", "ClusterId": "c" } },
                    "Clusters": { "c": {
                        "Tcp": { "SendProxyProtocol": "{{version}}", "PassTlvs": [{{types}}] },
                        "Destinations": { "d": { "Address": "tcp://127.0.0.1:1" } } } } } }
                """
            )
            .Errors;

        Assert.Equal(key is null ? [] : [$"ReverseProxy:Clusters:c:Tcp:{key}"], errors.Select(static one => one.Path));
        Assert.Contains(error ?? "", error is null ? "" : errors[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_Types_ThoseAndNoOthers()
    {
        Assert.Equal([0x05, 0xEA], Types("0x05", "0xea"));
        Assert.Equal(254, Types("all").Count); // without the checksum and what fills the space
        Assert.DoesNotContain(3, Types("All"));
        Assert.Empty(Types());
    }

    public void Dispose() => _document.Dispose();

    private static List<int> Types(params string[] texts)
    {
        var types = TlvTypes.Parse(texts);
        return [.. Enumerable.Range(0, 256).Where(type => types.Contains((byte)type))];
    }
}
