using Proxy.Etcd.Documents;

namespace Proxy.Etcd.Tests.Documents;

public sealed class DocumentNameTests
{
    [Theory]
    [InlineData("fleet", "fleet")]
    [InlineData("etcd:fleet", "fleet")]
    [InlineData("etcd:a.B-c_1", "a.B-c_1")]
    [InlineData("etcd:", null)]
    [InlineData("", null)]
    [InlineData("a/b", null)]
    [InlineData("a b", null)]
    [InlineData("etcd:etcd:a", null)]
    public void TryParse_NameOrLayer_IsTheNameAlone(string text, string? name)
    {
        Assert.Equal(name is not null, DocumentName.TryParse(text, out var parsed));
        Assert.Equal(name, parsed);
    }
}
