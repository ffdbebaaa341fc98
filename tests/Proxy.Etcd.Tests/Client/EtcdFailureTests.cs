using Grpc.Core;
using Proxy.Etcd.Client;
using Proxy.Tls.Certificates;

namespace Proxy.Etcd.Tests.Client;

public sealed class EtcdFailureTests : IDisposable
{
    private readonly EtcdMember _member = new(
        new Uri("https://a:2379"),
        new EtcdDialer(new(), new CertificateStore(TimeProvider.System), TimeProvider.System)
    );

    public void Dispose() => _member.Dispose();

    [Theory]
    [InlineData(StatusCode.Unavailable, "Error reading next message.", "Lost", true)]
    [InlineData(StatusCode.Internal, "Error starting gRPC call.", "Lost", true)]
    [InlineData(StatusCode.Unavailable, "etcdserver: request timed out", "Lost", true)]
    [InlineData(StatusCode.Unavailable, "etcdserver: leader changed", "Lost", true)]
    [InlineData(StatusCode.Cancelled, "gRPC call disposed.", "Lost", true)]
    [InlineData(StatusCode.Unavailable, "etcdserver: no leader", "Busy", false)]
    [InlineData(StatusCode.ResourceExhausted, "etcdserver: too many requests", "Busy", false)]
    [InlineData(StatusCode.ResourceExhausted, "etcdserver: mvcc: database space exceeded", "Refused", false)]
    [InlineData(StatusCode.PermissionDenied, "etcdserver: permission denied", "Refused", false)]
    [InlineData(StatusCode.Unauthenticated, "etcdserver: invalid auth token", "Unauthenticated", false)]
    [InlineData(StatusCode.InvalidArgument, "etcdserver: user name is empty", "Unauthenticated", false)]
    [InlineData(StatusCode.InvalidArgument, "etcdserver: revision of auth store is old", "Unauthenticated", false)]
    [InlineData(StatusCode.NotFound, "etcdserver: requested lease not found", "LeaseUnknown", false)]
    [InlineData(StatusCode.OutOfRange, "etcdserver: mvcc: required revision has been compacted", "Compacted", false)]
    [InlineData(StatusCode.Unimplemented, "Bad gRPC response. HTTP status code: 404", "Refused", false)]
    public void Of_WhatGrpcSays_SaysWhetherItMayHaveHappened(StatusCode code, string said, string fault, bool mayHaveHappened)
    {
        var failure = EtcdFailure.Of(_member, new RpcException(new Status(code, said)), isLate: false, TimeSpan.FromSeconds(3));

        Assert.Equal((fault, mayHaveHappened), (failure.Fault.ToString(), failure.MayHaveHappened));
        Assert.Contains("https://a:2379", failure.Message, StringComparison.Ordinal);
        Assert.EndsWith(".", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_NotConnected_HasNotHappened()
    {
        var dial = new HttpRequestException("x", new DialException("Connection refused", null));
        var failure = EtcdFailure.Of(
            _member,
            new RpcException(new Status(StatusCode.Unavailable, "x", dial)),
            false,
            TimeSpan.FromSeconds(3)
        );

        Assert.Equal((EtcdFault.NotConnected, false), (failure.Fault, failure.MayHaveHappened));
        Assert.Equal("https://a:2379 cannot be connected: Connection refused.", failure.Message);
    }

    [Theory]
    [InlineData("http://a:2379", false, true)]
    [InlineData("http://a:2379", true, false)] // it is no matter of TLS then
    [InlineData("https://a:2379", false, false)]
    public void Of_ClosedBeforeAnyAnswerInClear_SaysThatItMayBeTls(string endpoint, bool hasAnswered, bool isTold)
    {
        using var member = new EtcdMember(
            new Uri(endpoint),
            new EtcdDialer(new(), new CertificateStore(TimeProvider.System), TimeProvider.System)
        )
        {
            HasAnswered = hasAnswered,
        };
        var closed = new HttpRequestException("x", new HttpIOException(HttpRequestError.ResponseEnded, "Ended"));
        var failure = EtcdFailure.Of(
            member,
            new RpcException(new Status(StatusCode.Unavailable, "x", closed)),
            false,
            TimeSpan.FromSeconds(3)
        );

        Assert.Equal(isTold, failure.Message.Contains("write https://", StringComparison.Ordinal));
    }

    [Fact]
    public void Of_LateWhateverItSays_MayHaveHappened()
    {
        var failure = EtcdFailure.Of(
            _member,
            new RpcException(new Status(StatusCode.Cancelled, "x")),
            isLate: true,
            TimeSpan.FromSeconds(1.5)
        );

        Assert.True(failure.MayHaveHappened);
        Assert.Equal("https://a:2379 has not answered within 1.5 s.", failure.Message);
    }
}
