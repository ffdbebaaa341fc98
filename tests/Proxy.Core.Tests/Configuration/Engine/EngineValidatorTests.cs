namespace Proxy.Core.Tests.Configuration.Engine;

public sealed class EngineValidatorTests : IDisposable
{
    private const string Endpoints = "\"Endpoints\": [\"https://10.0.0.5:2379\"]";

    private readonly ConfigDocument _document = new();

    public void Dispose() => _document.Dispose();

    [Fact]
    public void Check_Complete_NothingWrong()
    {
        var result = _document.Read(
            """
            { "ReverseProxy": {}, "Engine": { "Group": "prod", "Instance": "A_10", "Etcd": {
              "Endpoints": ["https://10.0.0.5:2379", "https://etcd-2.example.org:2379/", "https://[2001:db8::1]:443"],
              "Certificate": { "Path": "host.crt", "KeyPath": "host.key" }, "CertificateAuthority": "ca.crt",
              "User": "proxy", "Password": "p", "Prefix": "/a/b", "LeaseTime": "00:00:15", "Timeout": "00:00:02" } } }
            """
        );

        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
    }

    [Theory]
    [InlineData("", "Endpoints", "is required and missing")]
    [InlineData("\"Endpoints\": [\"10.0.0.5:2379\"]", "Endpoints:0", "is no URL of a member; write one such as 'https://10.0.0.5:2379'")]
    [InlineData("\"Endpoints\": [\"tcp://10.0.0.5:2379\"]", "Endpoints:0", "is no URL of a member")]
    [InlineData("\"Endpoints\": [\"https://10.0.0.5\"]", "Endpoints:0", "etcd's own is 2379: 'https://10.0.0.5:2379'")]
    [InlineData("\"Endpoints\": [\"https://a:b@10.0.0.5:2379\"]", "Endpoints:0", "write it as User and Password")]
    [InlineData("\"Endpoints\": [\"https://10.0.0.5:2379/v3\"]", "Endpoints:0", "has something behind the port")]
    [InlineData("\"Endpoints\": [\"https://10.0.0.5:2379\", \"https://10.0.0.5:2379/\"]", "Endpoints:1", "is there twice")]
    [InlineData(Endpoints + ", \"User\": \"proxy\"", "Password", "is required with User")]
    [InlineData(Endpoints + ", \"Password\": \"p\"", "User", "is required with Password")]
    [InlineData(Endpoints + ", \"User\": \"\"", "User", "is empty")]
    [InlineData(
        "\"Endpoints\": [\"http://10.0.0.5:2379\"], \"CertificateAuthority\": \"ca.crt\"",
        "Endpoints:0",
        "CertificateAuthority is never used"
    )]
    [InlineData(
        "\"Endpoints\": [\"http://10.0.0.5:2379\"], \"Certificate\": { \"Path\": \"a\" }",
        "Endpoints:0",
        "Certificate is never used"
    )]
    [InlineData(Endpoints + ", \"CertificateAuthority\": \"\"", "CertificateAuthority", "is empty; name a file")]
    [InlineData(Endpoints + ", \"Certificate\": { \"Path\": \"\" }", "Certificate:Path", "is empty; name a file")]
    [InlineData(Endpoints + ", \"Prefix\": \"proxy\"", "Prefix", "with a slash before, and none at the end: '/proxy'")]
    [InlineData(Endpoints + ", \"Prefix\": \"/proxy/\"", "Prefix", "is no beginning of keys")]
    [InlineData(Endpoints + ", \"Prefix\": \"/\"", "Prefix", "is no beginning of keys")]
    [InlineData(Endpoints + ", \"Prefix\": \"/a//b\"", "Prefix", "is no beginning of keys")]
    [InlineData(Endpoints + ", \"LeaseTime\": \"00:00:04\"", "LeaseTime", "write whole seconds from '00:00:05' to '00:01:00'")]
    [InlineData(Endpoints + ", \"LeaseTime\": \"00:01:01\"", "LeaseTime", "write whole seconds")]
    [InlineData(Endpoints + ", \"LeaseTime\": \"00:00:05.5\"", "LeaseTime", "write whole seconds")]
    [InlineData(Endpoints + ", \"LeaseTime\": \"00:00:05\"", "Timeout", "less than '00:00:01.333', or a LeaseTime from '00:00:08' on.")]
    [InlineData(Endpoints + ", \"Timeout\": \"00:00:05\"", "Timeout", "less than '00:00:04.666', or a LeaseTime from '00:00:11' on.")]
    [InlineData(
        Endpoints + ", \"LeaseTime\": \"00:00:06\", \"Timeout\": \"00:00:02\"",
        "Timeout",
        "less than '00:00:02.000', or a LeaseTime from '00:00:07' on."
    )]
    [InlineData(Endpoints + ", \"LeaseTime\": \"00:01:00\", \"Timeout\": \"00:00:38\"", "Timeout", "write less than '00:00:38.000'.")]
    public void Check_WrongEtcd_ErrorThatSaysWhatIsRight(string etcd, string key, string error)
    {
        var problem = Assert.Single(_document.Read($$"""{ "ReverseProxy": {}, "Engine": { "Etcd": { {{etcd}} } } }""").Errors);

        Assert.Equal($"Engine:Etcd:{key}", problem.Path);
        Assert.Contains(error, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"LeaseTime\": \"00:00:08\"")]
    [InlineData("\"LeaseTime\": \"00:00:05\", \"Timeout\": \"00:00:01.3\"")]
    [InlineData("\"LeaseTime\": \"00:01:00\", \"Timeout\": \"00:00:37.999\"")]
    public void Check_TimeoutLeavesTimeForAnotherMember_NothingWrong(string times) =>
        Assert.Empty(_document.Read($$"""{ "ReverseProxy": {}, "Engine": { "Etcd": { {{Endpoints}}, {{times}} } } }""").Errors);

    [Theory]
    [InlineData("", "Etcd", "is required and missing; write \"Engine\"")]
    [InlineData("\"Group\": \"a b\", \"Etcd\": { " + Endpoints + " }", "Group", "is no name; write 1 to 63 letters")]
    [InlineData("\"Instance\": \"\", \"Etcd\": { " + Endpoints + " }", "Instance", "is required and missing; write 1 to 63 letters")]
    public void Check_WrongEngine_ErrorThatSaysWhatIsRight(string engine, string key, string error)
    {
        var problem = Assert.Single(_document.Read($$"""{ "ReverseProxy": {}, "Engine": { {{engine}} } }""").Errors);

        Assert.Equal($"Engine:{key}", problem.Path);
        Assert.Contains(error, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_PasswordInClear_Warning()
    {
        var result = _document.Read(
            """{ "ReverseProxy": {}, "Engine": { "Etcd": { "Endpoints": ["http://10.0.0.5:2379"], "User": "proxy", "Password": "p" } } }"""
        );

        Assert.Empty(result.Errors);
        var warning = Assert.Single(result.Warnings);
        Assert.Equal("Engine:Etcd:Endpoints:0", warning.Path);
        Assert.Contains("are sent in clear", warning.Message, StringComparison.Ordinal);
    }
}
