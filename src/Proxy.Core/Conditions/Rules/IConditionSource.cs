namespace Proxy.Conditions.Rules;

/// <summary>Derives the conditions of some kinds from facts that others keep.</summary>
internal interface IConditionSource
{
    /// <summary>The present conditions, one per subject, those with nothing wrong included. Must be quick: no input or output.</summary>
    IEnumerable<Condition> Read();
}
